"""The sweeper's options, typed and checked."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.samplers import Named, read_choice

DIRECTIONS = ("maximize", "minimize")


UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
"""Seconds in a unit of ``hydra.sweeper.timeout``."""


@dataclass(frozen=True)
class Limits:
    """When a sweep stops before its slots are spent; None where it does not.

    ``timeout`` is in seconds after the command began, ``target`` an objective that is good enough,
    ``patience`` a number of slots settled since the last better one.
    """

    timeout: float | None = None
    target: float | None = None
    patience: int | None = None


@dataclass(frozen=True)
class SweeperOptions:
    """The options below ``hydra.sweeper``; see ``OptunaAsyncSweeperConf`` for what each means."""

    n_trials: int
    workers: int | None
    study_name: str | None
    storage: str | None
    seed: int
    sampler: Named
    pruner: Named
    directions: tuple[str, ...]
    metrics: tuple[str, ...]
    confirm: int
    max_failures: int
    max_retries: int
    max_trials_per_worker: int | None
    reuse_duplicates: bool
    baseline_first: bool
    common_seed: bool
    plots: bool
    dry_run: bool
    hooks: str | None
    limits: Limits = field(default_factory=Limits)
    enqueue: tuple[Mapping[str, Any], ...] = ()
    warm_start: str | None = None


def _whole(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise UserError(
            f"hydra.sweeper.{name}: expected a whole number, {least} or more; received {value!r}."
        )
    return value


def _one_of(name: str, value: Any, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise UserError(
            f"hydra.sweeper.{name}: expected one of {', '.join(allowed)}; received {value!r}."
        )
    return str(value)


def _texts(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(str(item) for item in value)


def _objectives(options: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    directions, metrics = _texts(options["direction"]), _texts(options["metric"])
    for direction in directions:
        _one_of("direction", direction, DIRECTIONS)
    if not directions or len(directions) != len(metrics):
        raise UserError(
            "hydra.sweeper.direction and hydra.sweeper.metric: expected lists of the same length; "
            f"received {list(directions)} and {list(metrics)}."
        )
    return directions, metrics


def read_options(options: Mapping[str, Any]) -> SweeperOptions:
    """Check the plain values below ``hydra.sweeper``; raises :class:`UserError`."""
    directions, metrics = _objectives(options)
    workers, per_worker = options["workers"], options["max_trials_per_worker"]
    return SweeperOptions(
        n_trials=_whole("n_trials", options["n_trials"], 1),
        workers=None if workers == "auto" else _whole("workers", workers, 1),
        study_name=options["study_name"],
        storage=options["storage"],
        seed=_whole("seed", options["seed"], 0),
        sampler=read_choice("sampler", options["sampler"]),
        pruner=read_choice("pruner", options["pruner"]),
        directions=directions,
        metrics=metrics,
        confirm=_whole("confirm", options["confirm"], 0),
        max_failures=_whole("max_failures", options["max_failures"], 1),
        max_retries=_whole("max_retries", options["max_retries"], 0),
        max_trials_per_worker=None
        if per_worker is None
        else _whole("max_trials_per_worker", per_worker, 1),
        reuse_duplicates=bool(options["reuse_duplicates"]),
        baseline_first=bool(options["baseline_first"]),
        common_seed=bool(options["common_seed"]),
        plots=bool(options["plots"]),
        dry_run=bool(options["dry_run"]),
        hooks=options["hooks"],
        limits=_limits(options, metrics),
        enqueue=_points(options["enqueue"]),
        warm_start=options["warm_start"],
    )


def _points(value: Any) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(i, Mapping) for i in value):
        raise UserError(
            "hydra.sweeper.enqueue: expected a list of points, such as [{conv.filters: 32}]; "
            f"received {value!r}."
        )
    return tuple(value)


def _limits(options: Mapping[str, Any], metrics: tuple[str, ...]) -> Limits:
    target, patience = options["target"], options["patience"]
    for name in ("target", "patience"):
        if options[name] is not None and len(metrics) > 1:
            raise UserError(
                f"hydra.sweeper.{name}: expected one objective; received {', '.join(metrics)}."
            )
    if target is not None and (isinstance(target, bool) or not isinstance(target, int | float)):
        raise UserError(f"hydra.sweeper.target: expected a number; received {target!r}.")
    return Limits(
        timeout=_seconds(options["timeout"]),
        target=None if target is None else float(target),
        patience=None if patience is None else _whole("patience", patience, 1),
    )


def _seconds(value: Any) -> float | None:
    """Read a time such as 90, 90s, 90m, 8h or 1.5d, in seconds where it has no unit."""
    if value is None:
        return None
    text = str(value).strip()
    unit = UNITS.get(text[-1:])
    try:
        seconds = float(text if unit is None else text[:-1]) * (unit or 1.0)
    except ValueError:
        seconds = math.nan
    if isinstance(value, bool) or not 0 < seconds < math.inf:
        raise UserError(
            "hydra.sweeper.timeout: expected seconds, or a time such as 90m or 8h; "
            f"received {value!r}."
        )
    return seconds
