"""The typed configuration of every group; the defaults are the notebook's baseline.

Hydra merges the files below ``conf/`` into these dataclasses, so a misspelt key or a value of
the wrong type is found while the configuration is composed. A test holds the files and the
defaults below equal. No TensorFlow here: a configuration must be judged in milliseconds.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, cast

import yaml
from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from rcnn_sweep.config.training import TrainingConfig
from rcnn_sweep.data import DataConfig, ImdbConfig, source_named
from rcnn_sweep.errors import UserError
from rcnn_sweep.network import ConvConfig, EmbeddingConfig, LstmConfig, NgramsConfig, PoolConfig
from rcnn_sweep.overrides import flattened


@dataclass
class TrackingConfig:
    """Where MLflow keeps the record; ``uri`` null: ``MLFLOW_TRACKING_URI``, else its default."""

    uri: str | None = None
    experiment: str = "rcnn_sweep"
    run_name: str | None = None
    log_model: bool = True


@dataclass
class Config:
    """One run, complete: config, data and seed decide every number of it."""

    data: DataConfig = field(default_factory=ImdbConfig)
    embedding: EmbeddingConfig = field(default_factory=EmbeddingConfig)
    conv: ConvConfig = field(default_factory=ConvConfig)
    pool: PoolConfig = field(default_factory=PoolConfig)
    lstm: LstmConfig = field(default_factory=LstmConfig)
    ngrams: NgramsConfig = field(default_factory=NgramsConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)


def open_schema() -> Any:
    """Give :class:`Config` with its data source still open, for Hydra to merge the groups into."""
    return OmegaConf.structured(Config(data=MISSING))


def typed(composed: DictConfig) -> Config:
    """Turn a composed Hydra config into a :class:`Config`.

    Raises :class:`UserError` for keys that ``+key=value`` added and nobody would read, and
    OmegaConf's own errors for missing values.
    """
    config = cast(Config, OmegaConf.to_object(composed))
    given = OmegaConf.to_container(composed)
    known = flat(config)
    for group, keys in cast(dict[str, Any], given).items():
        for key in keys if isinstance(keys, dict) else [""]:
            name = f"{group}.{key}".rstrip(".")
            if name not in known:
                raise UserError(f"{name}: expected a key of the config; received an added one.")
    return config


def to_yaml(config: Config) -> str:
    """Give a config as YAML text, which :func:`from_yaml` reads back."""
    return OmegaConf.to_yaml(OmegaConf.structured(config))


def from_yaml(text: str) -> Config:
    """Read a recorded config (``config/resolved.yaml``, ``config/base.yaml``).

    Keys that the record lacks have their defaults. Raises :class:`UserError` for one that names
    no known data source or holds keys this version does not know, and for one with interpolations:
    a record has values, and whoever made it learns nothing of this environment.
    """
    given = _values(text)
    source = source_named(given["data"].get("name"))
    try:
        merged = OmegaConf.merge(OmegaConf.structured(Config(data=source.options())), given)
    except OmegaConfBaseException as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"config: expected a record this version can read; {reason}.") from error
    return typed(cast(DictConfig, merged))


def _values(text: str) -> dict[str, Any]:
    """Give the nested values of a recorded config, none of them to be resolved."""
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
            raise UserError("config: expected a record without references; received one with.")
        given = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise UserError("config: expected a record in plain YAML; received another.") from error
    if not isinstance(given, dict) or not isinstance(given.get("data"), dict):
        raise UserError("config: expected a record of groups, with data; received another.")
    for key, value in flattened(given).items():
        if "${" in str(value):
            raise UserError(f"config: expected a record of values; received {value} for {key}.")
    return given


def as_dict(config: Config) -> dict[str, Any]:
    """Give the config as plain nested dictionaries, ready for YAML."""
    return asdict(config)


def flat(config: Config) -> dict[str, Any]:
    """Give the config as ``{"conv.filters": 64, ...}``, the names MLflow records."""
    return flattened(as_dict(config))
