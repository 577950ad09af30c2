"""What a study's trials add up to."""

from collections import Counter
from dataclasses import dataclass
from statistics import median

from rcnn_sweep.sweep import StudySnapshot, TrialSnapshot

STATES = ("complete", "pruned", "failed", "interrupted", "withdrawn", "running", "waiting")


@dataclass(frozen=True)
class Pruning:
    """Epochs (reported steps) run and those of every trial at full length."""

    pruned: int
    ended: int
    run: int
    full: int
    seconds_a_step: float

    @property
    def saved(self) -> float:
        """The share of the epochs that was not spent."""
        return 1 - self.run / self.full if self.full else 0.0


def states(study: StudySnapshot) -> dict[str, int]:
    """Count the slots by the state of their last trial, in the order of :data:`STATES`."""
    last: dict[object, TrialSnapshot] = {}
    for trial in study.trials:
        last[("trial", trial.number) if trial.slot is None else trial.slot] = trial
    counts = Counter(trial.state for trial in last.values())
    return {state: counts[state] for state in STATES if counts[state]}


def pruning_of(study: StudySnapshot) -> Pruning:
    """Count what pruning saved, as the sweep's closing lines do."""
    ended = [
        t for t in study.trials if t.duplicate_of is None and t.state in ("complete", "pruned")
    ]
    whole = [t for t in ended if t.state == "complete" and t.steps]
    rates = [t.seconds / len(t.steps) for t in whole if t.seconds is not None]
    return Pruning(
        pruned=sum(t.state == "pruned" for t in ended),
        ended=len(ended),
        run=sum(len(t.steps) for t in ended),
        full=max((len(t.steps) for t in whole), default=0) * len(ended),
        seconds_a_step=median(rates) if rates else 0.0,
    )


def gain_of(study: StudySnapshot) -> float | None:
    """Give by how much the best trial betters the baseline in the study's direction."""
    if len(study.directions) > 1 or not study.best or study.baseline is None:
        return None
    difference = study.best[0].values[0] - study.baseline.values[0]
    return difference if study.directions[0] == "maximize" else -difference
