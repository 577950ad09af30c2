"""The sweep's budget as slots of an Optuna study.

The budget is a number of slots, kept in the study. A trial exists from the moment a worker claims
its slot, and carries it. A slot is settled by a trial that completed, was pruned, or failed for
good, and holds at most one open trial: retries and interruptions never change the total.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState, create_trial

from rcnn_sweep.names import TrialAttr
from rcnn_sweep.sweep.findings import TrialSnapshot
from rcnn_sweep.sweep.space import Params
from rcnn_sweep.sweep.storage import exclusively
from rcnn_sweep.sweep.study.slots import Retries, Slots
from rcnn_sweep.sweep.study.trials import INTERRUPTED, point_of, snapshot_of

NONE: Mapping[int, Params] = {}


@dataclass(frozen=True)
class Claim:
    """Who claims a slot: ``session`` names the command that the ``worker`` works for."""

    worker: str
    session: str


@dataclass(frozen=True)
class Queue:
    """A study as a queue of its storage; ``url`` is the storage's, with its password.

    Methods that change who runs what hold the storage's lock. One thread may look at a time.
    """

    storage: BaseStorage
    study_id: int
    url: str
    slots: Slots = field(default_factory=Slots, compare=False)

    def trials(self, states: Collection[TrialState] | None = None) -> list[FrozenTrial]:
        """Give the study's trials; treat them as read-only."""
        wanted = None if states is None else tuple(states)
        return self.storage.get_all_trials(self.study_id, deepcopy=False, states=wanted)

    def look(self) -> Slots:
        """Bring the slots up to date: the one look at the storage that callers pass on."""
        self.slots.update(self.trials(), self.storage.get_study_user_attrs(self.study_id))
        return self.slots

    def snapshots(self) -> list[TrialSnapshot]:
        """Give the study's trials as plain values."""
        return [snapshot_of(trial) for trial in self.trials()]

    def points(self) -> dict[int, Params]:
        """Give the point of each slot that has one: named by the application, or tried."""
        return self.look().points()

    def total(self) -> int | None:
        """Give the number of slots that the study has, None where no command has set it."""
        return self.look().total or None

    def claim(
        self, claim: Claim, retries: Retries, points: Mapping[int, Params] = NONE
    ) -> int | None:
        """Take the next slot and make its trial; gives the trial's number, None if none is left.

        ``points`` are those known from the start, by slot. A slot that is tried again keeps its
        point. A trial that waits already, which another program put into the study, goes first.
        Where the lock is lost meanwhile, the claim is made once more.
        """
        return exclusively(self.url, lambda: self._claimed(claim, retries, points))

    def _claimed(self, claim: Claim, retries: Retries, points: Mapping[int, Params]) -> int | None:
        slots = self.look()
        for trial in slots.at_work(claim.session):
            if trial.user_attrs.get(TrialAttr.WORKER) == claim.worker and self._is_first(trial):
                return trial.number
        for trial in list(slots.open.values()):
            if trial.state is TrialState.WAITING and self._is_started(trial, claim):
                return trial.number
        slot = slots.next(retries)
        return None if slot is None else self._started(slot, slots, claim, points)

    def _is_first(self, trial: FrozenTrial) -> bool:
        """Say whether a trial that its worker made as the lock was lost has its slot to itself.

        A worker runs one trial at a time: at a claim it has none but such a one. Where another
        worker has taken the slot meanwhile, the later trial ends.
        """
        tried = self.slots.tried(int(trial.user_attrs.get(TrialAttr.SLOT, -1)))
        if not any(not t.state.is_finished() and t.number < trial.number for t in tried):
            return True
        self.fail(trial.number, INTERRUPTED, "its slot was taken as the storage's lock was lost")
        return False

    def _started(self, slot: int, slots: Slots, claim: Claim, points: Mapping[int, Params]) -> int:
        attrs: dict[str, Any] = {
            TrialAttr.SLOT: slot,
            TrialAttr.WORKER: claim.worker,
            TrialAttr.SESSION: claim.session,
        }
        point = slots.named_points().get(slot) or points.get(slot, {})
        if tried := slots.tried(slot):
            attrs[TrialAttr.RETRY_OF] = tried[-1].number
            point = point_of(tried[-1])
        running = create_trial(
            state=TrialState.RUNNING, user_attrs=attrs, system_attrs={"fixed_params": point}
        )
        trial_id = self.storage.create_new_trial(self.study_id, template_trial=running)
        number = self.storage.get_trial_number_from_id(trial_id)
        if number != len(slots.trials):
            self._end_doubles(slot, number)
        return number

    def _end_doubles(self, slot: int, number: int) -> None:
        """End what a lost connection left of an earlier attempt to make trial ``number``."""
        for trial in self.look().tried(slot):
            if trial.number != number and not trial.state.is_finished():
                self.fail(trial.number, INTERRUPTED, "the connection was lost as it was made")

    def _is_started(self, trial: FrozenTrial, claim: Claim) -> bool:
        """Start a waiting trial; a lost connection may hide that an attempt had come through."""
        attrs = {TrialAttr.WORKER: claim.worker, TrialAttr.SESSION: claim.session}
        self.set_attrs(trial.number, attrs)
        trial_id = self.id_of(trial.number)
        if self.storage.set_trial_state_values(trial_id, TrialState.RUNNING):
            return True
        found = self.storage.get_trial(trial_id).user_attrs.get(TrialAttr.WORKER)
        return bool(found == claim.worker)

    def has_worked(self, session: str) -> bool:
        """Say whether a worker of one command has ever taken a trial."""
        return any(trial.user_attrs.get(TrialAttr.SESSION) == session for trial in self.trials())

    def stop(self, session: str) -> None:
        """Have the workers of one command stop, those too that are yet to start."""
        self.set_study_attr(stop_mark(session), True)

    def is_stopped(self, session: str) -> bool:
        """Say whether the workers of one command are to stop."""
        return bool(self.study_attr(stop_mark(session)))

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


def stop_mark(session: str) -> str:
    """Name the study's attribute that stops the workers of one command."""
    return f"stopped {session}"
