"""Optuna's trials as a sweep means them: their slot, their point, why they failed."""

from optuna.trial import FrozenTrial, TrialState

from rcnn_sweep.names import TrialAttr
from rcnn_sweep.sweep.findings import TrialSnapshot
from rcnn_sweep.sweep.space import Params

ERROR = "error"
DEAD = "dead"
MEMORY = "memory"
DISK = "disk"
INTERRUPTED = "interrupted"
FATAL = "fatal"
WITHDRAWN = "withdrawn"
"""What early studies call a trial that waited for a slot no longer wanted."""
FAILURES = (ERROR, DEAD, MEMORY, DISK, FATAL)
TRANSIENT = (DEAD, MEMORY)
MENDABLE = (DISK, FATAL)
"""What may be mended until the next command."""
RETURNING = (*TRANSIENT, *MENDABLE, INTERRUPTED, WITHDRAWN)
"""After what a slot may be tried again; every other end settles it."""


def kind_of(trial: FrozenTrial) -> str | None:
    """Say why a FAILed trial failed, as one of this module's words; None for other states."""
    if trial.state is not TrialState.FAIL:
        return None
    return str(trial.user_attrs.get(TrialAttr.FAILURE, ERROR))


def state_of(trial: FrozenTrial) -> str:
    """Name a trial's state as counts do; FAIL is failed, interrupted or withdrawn."""
    if trial.state is not TrialState.FAIL:
        return str(trial.state.name.lower())
    kind = kind_of(trial)
    return kind if kind in (INTERRUPTED, WITHDRAWN) else "failed"


def point_of(trial: FrozenTrial) -> Params:
    """Give the trial's parameters: those suggested, or those it waits with."""
    return dict(trial.params or trial.system_attrs.get("fixed_params", {}))


def snapshot_of(trial: FrozenTrial) -> TrialSnapshot:
    """Read a trial into plain values."""
    attrs = trial.user_attrs
    return TrialSnapshot(
        number=trial.number,
        state=state_of(trial),
        params=point_of(trial),
        values=tuple(trial.values or ()),
        steps=dict(sorted(trial.intermediate_values.items())),
        started=trial.datetime_start,
        seconds=None if trial.duration is None else trial.duration.total_seconds(),
        slot=attrs.get(TrialAttr.SLOT),
        retry_of=attrs.get(TrialAttr.RETRY_OF),
        duplicate_of=attrs.get(TrialAttr.DUPLICATE_OF),
        run_id=attrs.get(TrialAttr.RUN_ID),
        seed=attrs.get(TrialAttr.SEED),
        worker=attrs.get(TrialAttr.WORKER),
        reason=str(attrs.get(TrialAttr.REASON, "")),
        rejected=int(attrs.get(TrialAttr.REJECTED, 0)),
        confirms=attrs.get(TrialAttr.CONFIRMS),
    )
