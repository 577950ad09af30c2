"""What a sweep found: numbers first, files from them."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from optuna.trial import FrozenTrial, TrialState

from rcnn_sweep.names import TrialAttr
from rcnn_sweep.sweep.plan import Plan
from rcnn_sweep.sweep.space import Value
from rcnn_sweep.sweep.study import best_of, counts_of


@dataclass(frozen=True)
class SweepSummary:
    """The state of a study at the end of a command.

    ``state`` is ``complete``, ``interrupted`` or ``failed``. ``best`` is the best trial, or the
    Pareto front. ``baseline`` is the trial of the composed config. ``rejected`` counts the
    impossible points that were drawn and drawn again, ``left_out`` those of a grid.
    ``steps_run`` and ``steps_full`` count the reported steps (epochs) of all trials and what
    they would have been without pruning. ``is_search`` is false where the application gave all
    points. Times are in seconds; ``busy_seconds`` adds up over workers.
    """

    study_name: str
    state: str
    reason: str
    directory: Path
    directions: tuple[str, ...]
    metrics: tuple[str, ...]
    best: tuple[FrozenTrial, ...]
    baseline: FrozenTrial | None
    counts: Mapping[str, int]
    rejected: int
    left_out: int
    duplicates: int
    steps_run: int
    steps_full: int
    busy_seconds: float
    wall_seconds: float
    is_search: bool = True

    @property
    def results(self) -> Path:
        """Give the directory of ``best.yaml``, ``trials.csv`` and ``plots/``."""
        return self.directory / "sweep"

    @property
    def saved(self) -> float:
        """Give the share of steps that pruning saved, 0 to 1."""
        return 1 - self.steps_run / self.steps_full if self.steps_full else 0.0

    @property
    def gain(self) -> float | None:
        """Give by how much the best trial betters the baseline; None without both."""
        if len(self.metrics) > 1 or not self.best or self.baseline is None:
            return None
        difference = float(self.best[0].values[0] - self.baseline.values[0])
        return difference if self.directions[0] == "maximize" else -difference


def summarise(
    plan: Plan, trials: Sequence[FrozenTrial], *, state: str, reason: str, wall_seconds: float
) -> SweepSummary:
    """Compute the summary from the study's trials."""
    own = [t for t in trials if "duplicate_of" not in t.user_attrs]
    complete = [t for t in trials if t.state is TrialState.COMPLETE]
    steps_run, steps_full = _steps(own)
    return SweepSummary(
        study_name=plan.study_name,
        state=state,
        reason=reason,
        directory=plan.directory,
        directions=plan.options.directions,
        metrics=plan.options.metrics,
        best=tuple(best_of(trials, plan.options.directions)),
        baseline=_baseline(complete, plan.baseline),
        counts=counts_of(trials),
        rejected=sum(int(t.user_attrs.get(TrialAttr.REJECTED, 0)) for t in trials),
        left_out=plan.infeasible.impossible if plan.is_grid else 0,
        duplicates=len(trials) - len(own),
        steps_run=steps_run,
        steps_full=steps_full,
        busy_seconds=sum(t.duration.total_seconds() for t in own if t.duration is not None),
        wall_seconds=wall_seconds,
        is_search=plan.is_search,
    )


def _steps(trials: Sequence[FrozenTrial]) -> tuple[int, int]:
    ended = [t for t in trials if t.state in (TrialState.COMPLETE, TrialState.PRUNED)]
    lengths = [len(t.intermediate_values) for t in ended if t.state is TrialState.COMPLETE]
    return sum(len(t.intermediate_values) for t in ended), max(lengths, default=0) * len(ended)


def _baseline(
    complete: Sequence[FrozenTrial], params: Mapping[str, Value] | None
) -> FrozenTrial | None:
    same = [t for t in complete if t.params == params]
    return same[0] if same else None


def table_of(trials: Sequence[FrozenTrial], metrics: Sequence[str]) -> str:
    """Give the trials as CSV text, one row each, parameters in columns of their own."""
    keys = sorted({key for trial in trials for key in trial.params})
    attrs = ("slot", "retry_of", "duplicate_of", "seed", "worker", "mlflow_run_id", "reason")
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(["number", "state", *metrics, "steps", "seconds", *keys, *attrs])
    for trial in trials:
        seconds = "" if trial.duration is None else f"{trial.duration.total_seconds():.2f}"
        values = trial.values or [""] * len(metrics)
        row = [trial.number, trial.state.name.lower(), *values]
        row += [""] * (len(metrics) - len(values))
        row += [len(trial.intermediate_values), seconds]
        row += [trial.params.get(key, "") for key in keys]
        writer.writerow([*row, *(trial.user_attrs.get(name, "") for name in attrs)])
    return output.getvalue()
