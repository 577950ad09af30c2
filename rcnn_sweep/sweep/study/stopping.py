"""When a sweep must end early: judged alike by the driver and by every worker."""

from collections.abc import Iterator
from datetime import datetime

from optuna.trial import FrozenTrial

from rcnn_sweep.names import TrialAttr
from rcnn_sweep.sweep.study.slots import Slots
from rcnn_sweep.sweep.study.trials import FAILURES, kind_of


def _ended_since(slots: Slots, began: datetime) -> Iterator[FrozenTrial]:
    """Give the trials that ended since ``began``, the last first."""
    for trial in reversed(slots.ended):
        if trial.datetime_complete is None or trial.datetime_complete < began:
            return
        yield trial


def shared_mistake(slots: Slots, began: datetime) -> str | None:
    """Give the mistake in config or data that one trial met and every other would meet too."""
    for trial in slots.fatal:
        if trial.datetime_complete is not None and trial.datetime_complete >= began:
            return str(trial.user_attrs[TrialAttr.REASON])
    return None


def failures_in_a_row(slots: Slots, began: datetime) -> int:
    """Count the failures since the last trial that did not fail; interruptions do not count."""
    count = 0
    for trial in _ended_since(slots, began):
        kind = kind_of(trial)
        if kind in FAILURES:
            count += 1
        elif kind is None:
            break
    return count
