"""When a sweep must end early: judged alike by the driver and by every worker."""

import math
from collections.abc import Iterator
from datetime import datetime

from optuna.trial import FrozenTrial, TrialState

from rcnn_sweep.names import TrialAttr
from rcnn_sweep.sweep.options import Limits
from rcnn_sweep.sweep.study.slots import Slots
from rcnn_sweep.sweep.study.trials import FAILURES, RETURNING, kind_of


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


def limit_reached(slots: Slots, limits: Limits, direction: str, began: datetime) -> str | None:
    """Say which limit stops the sweep before its slots are spent, None where none does.

    A target or patience is judged by the whole study, a timeout by the command that ``began``.
    """
    seconds = (datetime.now() - began).total_seconds()
    if limits.timeout is not None and seconds >= limits.timeout:
        return f"hydra.sweeper.timeout: {limits.timeout:g} s are over"
    if limits.target is None and limits.patience is None:
        return None
    sign = 1.0 if direction == "maximize" else -1.0
    best, since = -math.inf, 0
    for trial in slots.ended:
        if TrialAttr.CONFIRMS in trial.user_attrs:
            continue
        if trial.state is TrialState.COMPLETE and sign * float(trial.values[0]) > best:
            best, since = sign * float(trial.values[0]), 0
            if limits.target is not None and best >= sign * limits.target:
                reached = f"trial {trial.number} reached {trial.values[0]:g}"
                return f"hydra.sweeper.target={limits.target:g}: {reached}"
        elif _settles(trial):
            since += 1
    if limits.patience is not None and since >= limits.patience and best > -math.inf:
        return f"hydra.sweeper.patience={limits.patience}: {since} slots without a better trial"
    return None


def _settles(trial: FrozenTrial) -> bool:
    return kind_of(trial) not in RETURNING
