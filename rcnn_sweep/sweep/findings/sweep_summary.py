"""The state of a study at the end of a command."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rcnn_sweep.sweep.findings.arithmetic import Pruning, gain
from rcnn_sweep.sweep.findings.snapshots import TrialSnapshot
from rcnn_sweep.sweep.findings.standings import Standing


@dataclass(frozen=True)
class SweepSummary:
    """What a command leaves behind, for the closing lines and for the hooks.

    ``state`` is ``complete``, ``interrupted`` or ``failed``. ``best`` is the best trial, or the
    Pareto front. ``baseline`` is the trial of the composed config. ``rejected`` counts the
    impossible points that were drawn and drawn again, ``left_out`` those of a grid.
    ``best_command`` runs the winner once; it is empty where there is none. ``is_search`` is false
    where the application gave all points. Times are in seconds; ``busy_seconds`` adds up over
    workers. ``standings`` are of the points that were run again.
    """

    study_name: str
    state: str
    reason: str
    directory: Path
    directions: tuple[str, ...]
    metrics: tuple[str, ...]
    best: tuple[TrialSnapshot, ...]
    baseline: TrialSnapshot | None
    counts: Mapping[str, int]
    rejected: int
    left_out: int
    duplicates: int
    pruning: Pruning
    busy_seconds: float
    wall_seconds: float
    best_command: str
    is_search: bool = True
    standings: tuple[Standing, ...] = ()

    @property
    def results(self) -> Path:
        """Give the directory of ``best.yaml``, ``trials.csv`` and ``plots/``."""
        return self.directory / "sweep"

    @property
    def saved(self) -> float:
        """Give the share of steps that pruning saved, 0 to 1."""
        return self.pruning.saved

    @property
    def gain(self) -> float | None:
        """Give by how much the best trial betters the baseline; None without both."""
        return gain(self)
