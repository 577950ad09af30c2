"""The sweeper's options, typed and checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.samplers import Named, read_choice

DIRECTIONS = ("maximize", "minimize")


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
    max_failures: int
    max_retries: int
    max_trials_per_worker: int | None
    reuse_duplicates: bool
    baseline_first: bool
    plots: bool
    dry_run: bool
    hooks: str | None


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
        max_failures=_whole("max_failures", options["max_failures"], 1),
        max_retries=_whole("max_retries", options["max_retries"], 0),
        max_trials_per_worker=None
        if per_worker is None
        else _whole("max_trials_per_worker", per_worker, 1),
        reuse_duplicates=bool(options["reuse_duplicates"]),
        baseline_first=bool(options["baseline_first"]),
        plots=bool(options["plots"]),
        dry_run=bool(options["dry_run"]),
        hooks=options["hooks"],
    )
