"""The typed configuration of every group; the defaults are the notebook's baseline.

Hydra merges the files below ``conf/`` into these dataclasses, so a misspelt key or a value of
the wrong type is found while the configuration is composed. A test holds the files and the
defaults below equal. No TensorFlow here: a configuration must be judged in milliseconds.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, cast

from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from rcnn_sweep.errors import UserError


@dataclass
class DataConfig:
    """What every data source has: ``num_words`` ids, rows of ``maxlen`` ids, two splits."""

    name: str = "imdb"
    path: str | None = None
    num_words: int = 5000
    maxlen: int = 400
    validation: str = "test"
    validation_fraction: float = 0.2
    train_limit: int | None = None
    test_limit: int | None = None


@dataclass
class ImdbConfig(DataConfig):
    """The Keras archive of the Large Movie Review Dataset (Maas et al., ACL 2011).

    ``url`` and ``sha256`` are those of ``keras.datasets.imdb``. A sweep that could not have the
    archive when it settled its data gives its trials the reason as ``unavailable``: they use the
    fallback without asking the network again.
    """

    word_index: str | None = None
    fallback: str | None = "snippets"
    unavailable: str | None = None
    url: str = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/imdb.npz"
    sha256: str = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"


@dataclass
class SnippetsConfig(DataConfig):
    """10,568 rated movie review sentences (Hutto and Gilbert, ICWSM 2014; Pang and Lee, 2005)."""

    name: str = "snippets"
    maxlen: int = 64
    test_fraction: float = 0.2


@dataclass
class TableConfig(DataConfig):
    """The user's own table: one row a text, with its label in another column."""

    name: str = "table"
    text_column: str = "text"
    label_column: str = "label"
    split_column: str | None = None
    test_fraction: float = 0.2


@dataclass
class EmbeddingConfig:
    """``keras.layers.Embedding`` and the dropout behind it."""

    output_dim: int = 50
    dropout: float = 0.25


@dataclass
class ConvConfig:
    """``keras.layers.Conv1D``."""

    filters: int = 64
    kernel_size: int = 5
    strides: int = 1
    padding: str = "valid"
    activation: str = "relu"


@dataclass
class PoolConfig:
    """``keras.layers.MaxPooling1D``; its stride is its size, as in Keras."""

    pool_size: int = 4


@dataclass
class LstmConfig:
    """``keras.layers.LSTM``."""

    units: int = 70


@dataclass
class TrainingConfig:
    """How the network is fitted. ``learning_rate`` 0.001 is Adam's default in Keras."""

    batch_size: int = 64
    epochs: int = 4
    optimizer: str = "adam"
    learning_rate: float = 0.001
    seed: int = 0
    deterministic: bool = True


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
    training: TrainingConfig = field(default_factory=TrainingConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)


SOURCES: dict[str, type[DataConfig]] = {
    "imdb": ImdbConfig,
    "snippets": SnippetsConfig,
    "table": TableConfig,
}


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
    no known data source or holds keys this version does not know.
    """
    given = OmegaConf.create(text)
    source = OmegaConf.select(given, "data.name")
    if source not in SOURCES:
        raise UserError(f"data.name: expected one of {', '.join(SOURCES)}; received {source!r}.")
    try:
        merged = OmegaConf.merge(OmegaConf.structured(Config(data=SOURCES[source]())), given)
    except OmegaConfBaseException as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"config: expected a record this version can read; {reason}.") from error
    return typed(cast(DictConfig, merged))


def as_dict(config: Config) -> dict[str, Any]:
    """Give the config as plain nested dictionaries, ready for YAML."""
    return asdict(config)


def flat(config: Config) -> dict[str, Any]:
    """Give the config as ``{"conv.filters": 64, ...}``, the names MLflow records."""
    return {
        f"{group}.{key}": value
        for group, keys in as_dict(config).items()
        for key, value in keys.items()
    }
