"""The sweep's budget as slots of an Optuna study.

The budget is a number of slots, kept in the study. A trial exists from the moment a worker claims
its slot, and carries it. A slot is settled by a trial that completed, was pruned, or failed for
good, and holds at most one open trial: retries and interruptions never change the total.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState, create_trial

from rcnn_sweep.names import StudyAttr, TrialAttr
from rcnn_sweep.sweep.findings import TrialSnapshot
from rcnn_sweep.sweep.space import Params
from rcnn_sweep.sweep.storage import exclusively
from rcnn_sweep.sweep.study.confirmation import Confirmation
from rcnn_sweep.sweep.study.slots import Retries, Slots
from rcnn_sweep.sweep.study.trials import INTERRUPTED, point_of

JUDGED = 200
"""Impossible points that one claim passes over at most: it holds the storage's lock meanwhile."""


@dataclass(frozen=True)
class Claim:
    """Who claims slots, and on what terms; ``session`` names the command of the ``worker``.

    ``points`` are those known from the start, by slot. One that ``is_possible`` denies leaves its
    slot out, and the study gets the next point's slot for it, where there is one. Where
    ``is_stopped`` nothing new begins. The study's last slots are ``confirmation``'s, and each slot
    once it ``is_searched``. ``seed_of`` gives the seed of a trial by its number, and whether it
    runs another's point again.
    """

    worker: str
    session: str
    retries: Retries
    points: Mapping[int, Params] = field(default_factory=dict)
    is_possible: Callable[[Params], bool] = lambda point: True
    is_stopped: Callable[[Slots], bool] = lambda slots: False
    confirmation: Confirmation | None = None
    is_searched: Callable[[Slots], bool] = lambda slots: False
    seed_of: Callable[[int, bool], int] = lambda number, is_again: number


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

    def points(self) -> dict[int, Params]:
        """Give the point of each slot that has one: named by the application, or tried."""
        return self.look().points()

    def size(self) -> int | None:
        """Give the number of slots that are to hold a trial, None where no command has set it."""
        slots = self.look()
        return slots.size() if slots.total else None

    def claim(self, claim: Claim) -> int | None:
        """Take the next slot and make its trial; gives its number, None if none was to be had.

        A slot that is tried again keeps its point. A trial that waits already, which another
        program put into the study, goes first. Where the lock is lost meanwhile, the claim is made
        once more. ``slots`` are those that it saw.
        """
        return exclusively(self.url, lambda: self._claimed(claim))

    def _claimed(self, claim: Claim) -> int | None:
        slots = self.look()
        for trial in slots.at_work(claim.session):
            if trial.user_attrs.get(TrialAttr.WORKER) == claim.worker and self._is_first(trial):
                return trial.number
        if claim.is_stopped(slots):
            return None
        for trial in list(slots.open.values()):
            if trial.state is TrialState.WAITING and self._is_started(trial, claim):
                return trial.number
        slot = self._next(slots, claim)
        return None if slot is None else self._started(slot, slots, claim)

    def _next(self, slots: Slots, claim: Claim) -> int | None:
        """Give the next slot that can be tried; those of impossible points are left out."""
        impossible = 0
        while (slot := slots.next(claim.retries)) is not None and impossible < JUDGED:
            point = None if slots.tried(slot) else claim.points.get(slot)
            if not point or claim.is_possible(point):
                break
            slots.leave_out(slot, most=len(claim.points))
            impossible += 1
        if impossible:
            self.set_study_attr(StudyAttr.N_TRIALS, slots.total)
            self.set_study_attr(StudyAttr.LEFT_OUT, sorted(slots.left_out))
        return slot if impossible < JUDGED else None

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

    def _started(self, slot: int, slots: Slots, claim: Claim) -> int:
        confirms: int | None = None
        attrs: dict[str, Any] = {
            TrialAttr.SLOT: slot,
            TrialAttr.WORKER: claim.worker,
            TrialAttr.SESSION: claim.session,
        }
        point = slots.named_points().get(slot) or claim.points.get(slot, {})
        if tried := slots.tried(slot):
            attrs[TrialAttr.RETRY_OF] = tried[-1].number
            point, confirms = point_of(tried[-1]), tried[-1].user_attrs.get(TrialAttr.CONFIRMS)
        elif not point and (again := _again(slot, slots, claim)) is not None:
            point, confirms = dict(again.params), again.number
        if confirms is not None:
            attrs[TrialAttr.CONFIRMS] = confirms
        number = len(slots.trials)
        attrs[TrialAttr.SEED] = claim.seed_of(number, confirms is not None)
        running = create_trial(
            state=TrialState.RUNNING,
            user_attrs=attrs,
            system_attrs={"fixed_params": point} if point else {},
        )
        trial_id = self.storage.create_new_trial(self.study_id, template_trial=running)
        if self.id_of(number) == trial_id:
            return number
        number = self.storage.get_trial_number_from_id(trial_id)
        self.set_attrs(number, {TrialAttr.SEED: claim.seed_of(number, confirms is not None)})
        self._end_doubles(slot, number)
        return number

    def _end_doubles(self, slot: int, number: int) -> None:
        """End what a lost connection left of an earlier attempt to make trial ``number``."""
        for trial in self.look().tried(slot):
            if trial.number != number and not trial.state.is_finished():
                self.fail(trial.number, INTERRUPTED, "the connection was lost as it was made")

    def _is_started(self, trial: FrozenTrial, claim: Claim) -> bool:
        """Start a waiting trial; a lost connection may hide that an attempt had come through."""
        attrs = {
            TrialAttr.WORKER: claim.worker,
            TrialAttr.SESSION: claim.session,
            TrialAttr.SEED: claim.seed_of(trial.number, False),
        }
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

    def study_attr(self, key: str) -> Any:
        """Give a user attribute of the study, None if it has none of that name."""
        return self.storage.get_study_user_attrs(self.study_id).get(key)

    def set_study_attr(self, key: str, value: Any) -> None:
        """Store a user attribute of the study."""
        self.storage.set_study_user_attr(self.study_id, key, value)


def _again(slot: int, slots: Slots, claim: Claim) -> TrialSnapshot | None:
    """Give the trial whose point is run again in ``slot``, None where a new one is tried."""
    confirmation = claim.confirmation
    if confirmation is None:
        return None
    is_its = slot in confirmation.slots(slots.total) or claim.is_searched(slots)
    return confirmation.next(slots) if is_its else None


def stop_mark(session: str) -> str:
    """Name the study's attribute that stops the workers of one command."""
    return f"stopped {session}"
