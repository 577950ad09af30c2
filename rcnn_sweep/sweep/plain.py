"""A composed config as plain values, of which those that differ from job to job stay text."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, cast

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

VOLATILE = ("${hydra:", "${now:")
"""How interpolations begin whose value belongs to one job or one moment."""


def plain(config: DictConfig) -> dict[str, Any]:
    """Give the config's values, interpolations resolved, as dictionaries, lists and scalars.

    Interpolations that are volatile, or that cannot be resolved here, stay as they are written:
    perhaps no task reads them. Keys that are members of an enum become their names.
    """
    return cast(dict[str, Any], _nested(config, OmegaConf.to_container(config, resolve=False)))


def _nested(node: Any, raw: Any) -> Any:
    if isinstance(raw, Mapping):
        return {_name(key): _value(node, key, value) for key, value in raw.items()}
    return [_value(node, index, value) for index, value in enumerate(raw)]


def _name(key: Any) -> Any:
    return key.name if isinstance(key, Enum) else key


def _value(parent: DictConfig | ListConfig, key: Any, raw: Any) -> Any:
    if isinstance(raw, Mapping | list):
        return _nested(parent[key], raw)
    if not isinstance(raw, str) or "${" not in raw or any(start in raw for start in VOLATILE):
        return raw
    try:
        value = parent[key]
        return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
    except OmegaConfBaseException:
        return raw
