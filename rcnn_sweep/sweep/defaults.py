"""Options that a study's record does not name: it was made before there were such.

They have their defaults, which the application knows from its schema: so an option that is new
makes no earlier study another one.
"""

from collections.abc import Mapping
from typing import Any

CONFIG = "config"
"""The base config's place in a study's record."""


def completed(record: Mapping[str, Any] | None, defaults: Mapping[str, Any]) -> Any:
    """Give ``record`` with the defaults for what its config lacks; None stays None.

    >>> completed({"config": {"conv": {"filters": 8}}}, {"conv": {"filters": 64, "strides": 1}})
    {'config': {'conv': {'filters': 8, 'strides': 1}}}
    """
    if record is None or CONFIG not in record:
        return record
    return {**record, CONFIG: _over(defaults, record[CONFIG])}


def _over(defaults: Any, given: Any) -> Any:
    if not (isinstance(defaults, Mapping) and isinstance(given, Mapping)):
        return given
    return {**defaults, **{key: _over(defaults.get(key), own) for key, own in given.items()}}


def of_its_own(record: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Give ``record`` without what is the default in its config.

    >>> of_its_own({"config": {"conv": {"filters": 8, "strides": 1}}}, {"conv": {"strides": 1}})
    {'config': {'conv': {'filters': 8}}}
    """
    return {**record, CONFIG: _without(record[CONFIG], defaults)}


def _without(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    own = {}
    for key, value in given.items():
        default = defaults.get(key)
        if isinstance(value, Mapping) and isinstance(default, Mapping):
            value = _without(value, default)
            if value:
                own[key] = value
        elif key not in defaults or value != default:
            own[key] = value
    return own
