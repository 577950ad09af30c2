"""When a sweep must end early: judged alike by the driver and by every worker."""

import math
from collections.abc import Iterator
from datetime import datetime

from optuna.trial import FrozenTrial, TrialState

from rcnn_sweep.names import TrialAttr
from rcnn_sweep.sweep.options import Limits
from rcnn_sweep.sweep.study.confirmation import Confirmation
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


def limit_reached(
    slots: Slots,
    limits: Limits,
    direction: str,
    began: datetime,
    confirmation: Confirmation | None = None,
) -> str | None:
    """Say which limit stops the sweep before its slots are spent, None where none does.

    A target or patience is judged by the whole study, a timeout by the command that ``began``.
    Where patience ends, what it found is confirmed before the sweep stops.
    """
    seconds = (datetime.now() - began).total_seconds()
    if limits.timeout is not None and seconds >= limits.timeout:
        return f"hydra.sweeper.timeout: {limits.timeout:g} s are over"
    if limits.target is not None:
        for trial, value in _values(slots, direction):
            if value is not None and value >= _sign(direction) * limits.target:
                reached = f"trial {trial.number} reached {trial.values[0]:g}"
                return f"hydra.sweeper.target={limits.target:g}: {reached}"
    if not is_searched(slots, limits, direction):
        return None
    if confirmation is not None and not confirmation.is_done(slots):
        return None
    since = _slots_since_the_best(slots, direction)
    return f"hydra.sweeper.patience={limits.patience}: {since} slots without a better trial"


def is_searched(slots: Slots, limits: Limits, direction: str) -> bool:
    """Say whether patience is at its end, so that nothing new is to be tried."""
    if limits.patience is None:
        return False
    since = _slots_since_the_best(slots, direction)
    return since is not None and since >= limits.patience


def _slots_since_the_best(slots: Slots, direction: str) -> int | None:
    """Count the slots settled since the best trial; None where none is complete."""
    best, since = -math.inf, 0
    for trial, value in _values(slots, direction):
        if value is not None and value > best:
            best, since = value, 0
        elif kind_of(trial) not in RETURNING:
            since += 1
    return since if best > -math.inf else None


def _values(slots: Slots, direction: str) -> Iterator[tuple[FrozenTrial, float | None]]:
    """Give the ended trials of new points, each with its value, the more the better, or None."""
    for trial in slots.ended:
        if TrialAttr.CONFIRMS not in trial.user_attrs:
            is_complete = trial.state is TrialState.COMPLETE
            yield trial, _sign(direction) * float(trial.values[0]) if is_complete else None


def _sign(direction: str) -> float:
    return 1.0 if direction == "maximize" else -1.0
