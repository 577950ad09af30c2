"""From Hydra's override grammar and the ``around`` form to Optuna distributions."""

import math
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import (
    ChoiceSweep,
    IntervalSweep,
    Override,
    RangeSweep,
    Sweep,
    Transformer,
)
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.space.values import Value

AROUND = frozenset({"factor", "plus", "log", "low", "high", "step"})


def encoded(value: Any) -> Value:
    """Give a choice as Optuna can store it: text stays in Hydra's grammar, quotes and all.

    A member of an enum, which a structured config may hold, is its name, as in an override.
    """
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, Path):
        value = str(value)
    return str(Transformer.str(value))


def rendered(key: str, value: Value) -> str:
    """Give the override that sets ``key``; the inverse of :func:`encoded`."""
    if value is None or isinstance(value, bool):
        return f"{key}={'null' if value is None else str(value).lower()}"
    return f"{key}={value}"


def is_plain_grid(override: Override) -> bool:
    """Say whether the override is a comma list, a glob or a range, without a tag."""
    value = override.value()
    if isinstance(value, ChoiceSweep) and not value.simple_form:
        return False
    tagged = isinstance(value, Sweep) and bool(value.tags)
    return override.is_discrete_sweep() and not tagged


def distribution_of(override: Override) -> BaseDistribution:
    """Map a sweep override; ``range`` excludes its end, as in Hydra's own sweeper.

    Raises :class:`UserError` for an empty choice or range and for a tag other than ``log``.
    """
    value = override.value()
    log = _is_log(override.input_line, value)
    try:
        if isinstance(value, IntervalSweep):
            return _interval(value, log)
        if isinstance(value, RangeSweep):
            return _range(value, log)
        return _choice(override, log)
    except ValueError as error:
        raise UserError(
            f"{override.input_line}: expected a range or choice with values in it; received one "
            f"that cannot be searched: {error}"
        ) from error


def _is_log(line: str | None, value: Any) -> bool:
    tags = set(value.tags) if isinstance(value, Sweep) else set()
    if tags - {"log"}:
        raise UserError(f"{line}: expected log, the only tag of a search space; received another.")
    return "log" in tags


def _interval(sweep: IntervalSweep, log: bool) -> BaseDistribution:
    low, high = sweep.start, sweep.end
    if low is None or high is None:
        raise ValueError("an interval needs a start and an end")
    if isinstance(low, int) and isinstance(high, int):
        return IntDistribution(low, high, log=log)
    return FloatDistribution(float(low), float(high), log=log)


def _range(sweep: RangeSweep, log: bool) -> BaseDistribution:
    values = list(sweep.range())
    if not values:
        raise ValueError("the range is empty (it excludes its end)")
    low, high = min(values), max(values)
    if all(isinstance(value, int) for value in values):
        return IntDistribution(
            int(low), int(high), step=1 if log else abs(int(sweep.step)), log=log
        )
    step = None if log else abs(float(Decimal(str(sweep.step))))
    return FloatDistribution(float(low), float(high), step=step, log=log)


def _choice(override: Override, log: bool) -> BaseDistribution:
    choices = list(dict.fromkeys(encoded(item) for item in override.sweep_iterator()))
    if log or not choices:
        raise ValueError("a choice has no scale" if log else "there is nothing to choose from")
    return CategoricalDistribution(choices)


def around(key: str, center: Any, options: Mapping[str, Any]) -> BaseDistribution:
    """Centre a range on ``center``: from center/factor to center*factor, or center +- plus.

    ``low`` and ``high`` bound it. A whole centre gives whole numbers. Raises :class:`UserError`.
    """
    if isinstance(center, bool) or not isinstance(center, int | float):
        raise UserError(
            f"{key}: expected a number in the baseline to search around; received {center!r}."
        )
    low, high = _ends(key, center, options)
    low, high = max(low, options.get("low", low)), min(high, options.get("high", high))
    log, step = bool(options.get("log", False)), options.get("step")
    try:
        if isinstance(center, int):
            return IntDistribution(math.ceil(low), math.floor(high), step=step or 1, log=log)
        return FloatDistribution(float(low), float(high), step=step, log=log)
    except ValueError as error:
        raise UserError(
            f"{key}: expected a range around {center}; received none with {dict(options)}: {error}"
        ) from error


def _ends(key: str, center: float, options: Mapping[str, Any]) -> tuple[float, float]:
    if set(options) - AROUND or ("factor" in options) == ("plus" in options):
        raise UserError(
            f"{key}: expected factor or plus, and log, low, high, step; received {dict(options)}"
        )
    if "plus" in options:
        return center - options["plus"], center + options["plus"]
    ends = (center / options["factor"], center * options["factor"])
    return min(ends), max(ends)
