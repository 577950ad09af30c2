"""The numbers of a study: counts by state, the best trials, the gain, what pruning saved."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from rcnn_sweep.sweep.findings.snapshots import STATES, TrialSnapshot
from rcnn_sweep.sweep.findings.standings import Standing, standings
from rcnn_sweep.sweep.space import Value


class Outcome(Protocol):
    """What a gain is told of: a study, or the summary of a sweep."""

    @property
    def directions(self) -> tuple[str, ...]:
        """``maximize`` or ``minimize`` for each objective."""

    @property
    def best(self) -> tuple[TrialSnapshot, ...]:
        """The best trial, or the Pareto front."""

    @property
    def baseline(self) -> TrialSnapshot | None:
        """The trial of the composed config."""

    @property
    def standings(self) -> tuple[Standing, ...]:
        """The points that were run again."""


@dataclass(frozen=True)
class Pruning:
    """What pruning saved, in steps (epochs) of the trials that ended by themselves.

    ``pruned`` of ``ended`` trials were stopped early; ``run`` steps were run, ``full`` is what
    all of them would have taken at the length of the longest complete one. ``seconds_a_step`` is
    the complete trials' median; 0 where it is unknown.
    """

    pruned: int
    ended: int
    run: int
    full: int
    seconds_a_step: float

    @property
    def saved(self) -> float:
        """The share of the steps that was not spent, 0 to 1."""
        return 1 - self.run / self.full if self.full else 0.0


def counts(trials: Iterable[TrialSnapshot], waiting: int = 0) -> dict[str, int]:
    """Count the slots by the state of their last trial, in the order of :data:`STATES`.

    Trials without a slot, which another program made, count one each. ``waiting`` slots have no
    trial yet.
    """
    last = {_slot(trial): trial for trial in trials}
    found = Counter({"waiting": waiting})
    found.update(trial.state for trial in last.values())
    return {state: found[state] for state in STATES if found[state]}


def counts_and_repeats(trials: Sequence[TrialSnapshot], waiting: int = 0) -> dict[str, int]:
    """Count as :func:`counts` does, and as ``repeated`` the attempts behind the last trials."""
    attempts = len(trials) - len({_slot(trial) for trial in trials})
    return {**counts(trials, waiting), **({"repeated": attempts} if attempts else {})}


def _slot(trial: TrialSnapshot) -> tuple[bool, int]:
    has_none = trial.slot is None
    return has_none, trial.number if trial.slot is None else trial.slot


def ranked(trials: Iterable[TrialSnapshot], direction: str) -> list[TrialSnapshot]:
    """Give the first complete trial of each point, the best first, the earlier of equals.

    Where points were run again, the best is the one with the best estimate.
    """
    return [standing.trial for standing in standings(trials, direction)]


def best_of(trials: Iterable[TrialSnapshot], directions: Sequence[str]) -> list[TrialSnapshot]:
    """Find the best complete trial, the earliest of equals; of several objectives the front.

    Where points were run again, the best is the first trial of the point with the best estimate.
    """
    if len(directions) == 1:
        return ranked(trials, directions[0])[:1]
    complete = [trial for trial in trials if trial.state == "complete"]
    signs = [-1 if direction == "maximize" else 1 for direction in directions]
    losses = [tuple(s * v for s, v in zip(signs, t.values, strict=True)) for t in complete]
    front = _front(losses)
    return [trial for trial, loss in zip(complete, losses, strict=True) if loss in front]


def _front(losses: Iterable[tuple[float, ...]]) -> set[tuple[float, ...]]:
    """Give the losses that no other is below in every place; in their order none follows it."""
    front: list[tuple[float, ...]] = []
    for loss in sorted(set(losses)):
        if not any(all(a <= b for a, b in zip(o, loss, strict=True)) for o in reversed(front)):
            front.append(loss)
    return set(front)


def trial_at(
    trials: Iterable[TrialSnapshot], point: Mapping[str, Value] | None
) -> TrialSnapshot | None:
    """Find the first complete trial of ``point``: given the baseline's point, the baseline."""
    return next((t for t in trials if t.state == "complete" and t.params == point), None)


def gain(study: Outcome) -> float | None:
    """Tell by how much the best trial betters the baseline in the study's direction.

    Where both were run again, by the estimates of their true values. None with several objectives,
    or where either is missing.
    """
    if len(study.directions) > 1 or not study.best or study.baseline is None:
        return None
    again = [standing_of(study, trial) for trial in (study.best[0], study.baseline)]
    if again[0] is not None and again[1] is not None:
        difference = again[0].estimate - again[1].estimate
    else:
        difference = float(study.best[0].values[0] - study.baseline.values[0])
    return difference if study.directions[0] == "maximize" else -difference


def standing_of(study: Outcome, trial: TrialSnapshot) -> Standing | None:
    """Find how the point of ``trial`` stands, None where it was run once."""
    return next((s for s in study.standings if s.trial.number == trial.number), None)


def confirmed(trials: Iterable[TrialSnapshot], directions: Sequence[str]) -> tuple[Standing, ...]:
    """Give the points that were run again, the best first; of several objectives none is."""
    if len(directions) > 1:
        return ()
    return tuple(s for s in standings(trials, directions[0]) if s.is_confirmed)


def pruning(trials: Iterable[TrialSnapshot]) -> Pruning:
    """Count what pruning saved; trials that took over an earlier result are left out.

    A pruned trial might have gone on for as many steps as the longest complete one.
    """
    ended = [t for t in trials if t.duplicate_of is None and t.state in ("complete", "pruned")]
    whole = [t for t in ended if t.state == "complete" and t.steps]
    longest = max((len(t.steps) for t in whole), default=0)
    pruned = sum(t.state == "pruned" for t in ended)
    rates = [t.seconds / len(t.steps) for t in whole if t.seconds is not None]
    return Pruning(
        pruned=pruned,
        ended=len(ended),
        run=sum(len(t.steps) for t in ended),
        full=sum(len(t.steps) for t in whole) + longest * pruned,
        seconds_a_step=median(rates) if rates else 0.0,
    )
