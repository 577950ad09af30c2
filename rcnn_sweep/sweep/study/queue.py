"""The sweep's budget as trials of an Optuna study.

The budget is ``n_trials`` slots. Each trial carries its slot; a slot is settled by a trial that
completed, was pruned, or failed for good, and holds at most one waiting or running trial. So
retries and interruptions never change the total, and filling the queue again is harmless.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState, create_trial

from rcnn_sweep.names import StudyAttr, TrialAttr
from rcnn_sweep.sweep.findings import TrialSnapshot
from rcnn_sweep.sweep.space import Params
from rcnn_sweep.sweep.storage import exclusive
from rcnn_sweep.sweep.study.trials import (
    TRANSIENT,
    WITHDRAWN,
    kind_of,
    point_of,
    slots_of,
    snapshot_of,
)

OPEN = (TrialState.WAITING, TrialState.RUNNING)

NONE: Mapping[int, Params] = {}


@dataclass(frozen=True)
class Budget:
    """How many slots a study has, and how often one is tried again after a transient failure."""

    n_trials: int
    max_retries: int


@dataclass(frozen=True)
class Queue:
    """A study as a queue of its storage; ``url`` is the storage's, with its password.

    Methods that change who runs what hold the storage's lock.
    """

    storage: BaseStorage
    study_id: int
    url: str

    def trials(self, states: Collection[TrialState] | None = None) -> list[FrozenTrial]:
        """Give the study's trials; treat them as read-only."""
        wanted = None if states is None else tuple(states)
        return self.storage.get_all_trials(self.study_id, deepcopy=False, states=wanted)

    def snapshots(self) -> list[TrialSnapshot]:
        """Give the study's trials as plain values."""
        return [snapshot_of(trial) for trial in self.trials()]

    def points(self) -> dict[int, Params]:
        """Give the point of each slot that has one."""
        return {slot: point_of(tried[-1]) for slot, tried in slots_of(self.trials()).items()}

    def open_trials(self) -> list[FrozenTrial]:
        """Give the trials that wait or run."""
        return self.trials(OPEN)

    def fill(
        self, budget: Budget, first: Mapping[int, Params] = NONE, again: Collection[str] = ()
    ) -> int:
        """Put a WAITING trial into every slot that needs one; gives how many.

        ``first`` holds the points that are fixed from the start. A slot whose trial failed for a
        transient reason gets its point once more, as often as ``budget`` allows; one whose trial
        failed for a reason in ``again`` does so however often. Trials that wait in slots beyond
        the budget, or in slots that the study leaves out, are withdrawn.
        """
        with exclusive(self.url):
            slots = slots_of(self.trials())
            left_out = self.study_attr(StudyAttr.LEFT_OUT) or ()
            wanted = sorted({*range(budget.n_trials)} - {*left_out})
            self._withdraw({s: tried for s, tried in slots.items() if s not in wanted}, budget)
            needed = [
                slot
                for slot in wanted
                if _needs_trial(slots.get(slot, []), budget.max_retries, again)
            ]
            for slot in needed:
                self._enqueue(slot, slots.get(slot, []), first.get(slot, {}))
            return len(needed)

    def _enqueue(self, slot: int, history: Sequence[FrozenTrial], first: Params) -> None:
        attrs: dict[str, Any] = {TrialAttr.SLOT: slot}
        params = first
        if history:
            attrs[TrialAttr.RETRY_OF] = history[-1].number
            params = point_of(history[-1])
        waiting = create_trial(
            state=TrialState.WAITING, user_attrs=attrs, system_attrs={"fixed_params": params}
        )
        self.storage.create_new_trial(self.study_id, template_trial=waiting)

    def _withdraw(self, slots: Mapping[int, Sequence[FrozenTrial]], budget: Budget) -> None:
        for slot, history in slots.items():
            if history[-1].state is TrialState.WAITING:
                reason = f"withdrawn: slot {slot} is not wanted (n_trials is {budget.n_trials})"
                self.fail(history[-1].number, WITHDRAWN, reason)

    def claim(self, worker: str, session: str) -> int | None:
        """Take the first WAITING trial for ``worker``; gives its number, None if none waits.

        ``session`` names the command that the worker works for.
        """
        with exclusive(self.url):
            for trial in self.trials((TrialState.WAITING,)):
                self.set_attrs(trial.number, {TrialAttr.WORKER: worker, TrialAttr.SESSION: session})
                if self._taken(self.id_of(trial.number), worker):
                    return trial.number
        return None

    def _taken(self, trial_id: int, worker: str) -> bool:
        """Start the trial; a lost connection may hide that an attempt had come through."""
        if self.storage.set_trial_state_values(trial_id, TrialState.RUNNING):
            return True
        return bool(self.storage.get_trial(trial_id).user_attrs.get(TrialAttr.WORKER) == worker)

    def running(self, session: str) -> list[FrozenTrial]:
        """Give the running trials of one command's workers."""
        return [
            trial
            for trial in self.trials((TrialState.RUNNING,))
            if trial.user_attrs.get(TrialAttr.SESSION) == session
        ]

    def has_worked(self, session: str) -> bool:
        """Say whether a worker of one command has ever taken a trial."""
        return any(trial.user_attrs.get(TrialAttr.SESSION) == session for trial in self.trials())

    def stop(self, session: str) -> None:
        """Have the workers of one command stop, those too that are yet to start."""
        self.set_study_attr(f"stopped {session}", True)

    def is_stopped(self, session: str) -> bool:
        """Say whether the workers of one command are to stop."""
        return bool(self.study_attr(f"stopped {session}"))

    def trial(self, number: int) -> FrozenTrial:
        """Give trial ``number`` as it stands; treat it as read-only."""
        return self.storage.get_trial(self.id_of(number))

    def id_of(self, number: int) -> int:
        """Give the storage's id of trial ``number``."""
        return self.storage.get_trial_id_from_study_id_trial_number(self.study_id, number)

    def set_attrs(self, number: int, attrs: Mapping[str, Any]) -> None:
        """Store user attributes of an unfinished trial."""
        for key, value in attrs.items():
            self.storage.set_trial_user_attr(self.id_of(number), key, value)

    def fail(self, number: int, kind: str, reason: str, trace: str = "") -> bool:
        """Finish a trial as FAIL with its reason; false if someone else has finished it."""
        attrs = {TrialAttr.FAILURE: kind, TrialAttr.REASON: reason}
        if trace:
            attrs[TrialAttr.TRACEBACK] = trace
        try:
            self.set_attrs(number, attrs)
            return self.storage.set_trial_state_values(self.id_of(number), TrialState.FAIL)
        except UpdateFinishedTrialError:
            return False

    def find_duplicate(self, number: int, params: Params) -> FrozenTrial | None:
        """Give an earlier trial with the same parameters that completed or was pruned."""
        finished = self.trials((TrialState.COMPLETE, TrialState.PRUNED))
        same = [t for t in finished if t.number != number and t.params == params]
        return min(same, key=lambda t: (t.state is TrialState.PRUNED, t.number), default=None)

    def study_attr(self, key: str) -> Any:
        """Give a user attribute of the study, None if it has none of that name."""
        return self.storage.get_study_user_attrs(self.study_id).get(key)

    def set_study_attr(self, key: str, value: Any) -> None:
        """Store a user attribute of the study."""
        self.storage.set_study_user_attr(self.study_id, key, value)


def _needs_trial(history: Sequence[FrozenTrial], max_retries: int, again: Collection[str]) -> bool:
    """Say whether a slot of these trials is unsettled and nobody works on it."""
    if not history:
        return True
    kinds = [kind_of(trial) for trial in history]
    if kinds[-1] in TRANSIENT:
        return sum(kind in TRANSIENT for kind in kinds) <= max_retries
    return kinds[-1] in again
