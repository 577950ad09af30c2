"""A trial and a study as they stand, in plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rcnn_sweep.sweep.space import Value

if TYPE_CHECKING:
    from rcnn_sweep.sweep.findings.standings import Standing

STATES = ("complete", "pruned", "failed", "interrupted", "withdrawn", "running", "waiting")
"""How a trial can stand, in the order in which counts are told."""


@dataclass(frozen=True)
class TrialSnapshot:
    """One trial. ``state`` is one of :data:`STATES`.

    ``values`` are the objectives in the study's order, empty where there are none. ``steps`` maps
    a reported step (epoch, from 1) to the objective's value there. ``seconds`` is its duration.
    ``rejected`` counts the impossible points that were drawn before its own. ``confirms`` is the
    first trial of its point where it is run again with another seed.
    """

    number: int
    state: str
    params: Mapping[str, Value]
    values: tuple[float, ...]
    steps: Mapping[int, float]
    started: datetime | None
    seconds: float | None
    slot: int | None
    retry_of: int | None
    duplicate_of: int | None
    run_id: str | None
    seed: int | None
    worker: str | None
    reason: str
    rejected: int = 0
    confirms: int | None = None


@dataclass(frozen=True)
class StudySnapshot:
    """One study. ``record`` is what must not change in it: space, config, data, seed.

    ``best`` is the best trial alone, or the Pareto front; ``baseline`` the trial of the composed
    config, None where it did not complete. ``parent`` is what the hooks returned when they opened
    the study's own record, ``command`` resumes it (empty where the storage holds none of ours).
    ``directory`` is the study's where the mark in it tells the study's ``identity``. ``storage``
    has its password masked. ``waiting`` slots have no trial yet. ``standings`` are of the points
    that were run again.
    """

    name: str
    storage: str
    directions: tuple[str, ...]
    metrics: tuple[str, ...]
    trials: tuple[TrialSnapshot, ...]
    best: tuple[TrialSnapshot, ...]
    baseline: TrialSnapshot | None
    record: Mapping[str, Any]
    parent: Mapping[str, Any]
    command: str
    directory: Path | None
    is_search: bool
    waiting: int = 0
    standings: tuple["Standing", ...] = ()
    identity: str | None = None
