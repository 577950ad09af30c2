"""When a sweep must end early: judged alike by the driver and by every worker."""

from collections.abc import Sequence
from datetime import datetime

from optuna.trial import FrozenTrial

from rcnn_sweep.names import TrialAttr
from rcnn_sweep.sweep.study.trials import FAILURES, FATAL, kind_of


def ended_since(trials: Sequence[FrozenTrial], began: datetime) -> list[FrozenTrial]:
    """Give the trials that ended since ``began``, in the order of their ends."""
    ended = [(t.datetime_complete, t.number, t) for t in trials if t.datetime_complete is not None]
    return [trial for end, _, trial in sorted(ended, key=lambda e: e[:2]) if end >= began]


def shared_mistake(trials: Sequence[FrozenTrial], began: datetime) -> str | None:
    """Give the mistake in config or data that one trial met and every other would meet too."""
    for trial in ended_since(trials, began):
        if kind_of(trial) == FATAL:
            return str(trial.user_attrs[TrialAttr.REASON])
    return None


def failures_in_a_row(trials: Sequence[FrozenTrial], began: datetime) -> int:
    """Count the failures since the last trial that did not fail; interruptions do not count."""
    count = 0
    for trial in reversed(ended_since(trials, began)):
        kind = kind_of(trial)
        if kind in FAILURES:
            count += 1
        elif kind is None:
            break
    return count
