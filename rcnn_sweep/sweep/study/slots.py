"""What a study's slots hold, kept up to date by looking only at the trials that are new or open."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from rcnn_sweep.names import StudyAttr, TrialAttr
from rcnn_sweep.sweep.findings import TrialSnapshot
from rcnn_sweep.sweep.space import Params
from rcnn_sweep.sweep.study.trials import (
    FATAL,
    INTERRUPTED,
    MENDABLE,
    RETURNING,
    TRANSIENT,
    WITHDRAWN,
    kind_of,
    point_of,
    snapshot_of,
)


@dataclass(frozen=True)
class Retries:
    """When a slot whose trial failed is tried again, by a command that ``began`` at that time.

    After a transient failure as often as ``most``; after an interruption always; after a mistake
    in config or data, or a full disk, once a new command has begun, for it may be mended by then.
    """

    most: int
    began: datetime

    def again(self, tried: Sequence[FrozenTrial]) -> bool:
        """Say whether a slot of these trials, the last of which failed, is to be tried again."""
        kinds = [kind_of(trial) for trial in tried]
        if kinds[-1] in TRANSIENT:
            return sum(kind in TRANSIENT for kind in kinds) <= self.most
        if kinds[-1] in MENDABLE:
            ended = tried[-1].datetime_complete
            return ended is not None and ended < self.began
        return kinds[-1] in (INTERRUPTED, WITHDRAWN)


class Slots:
    """The slots of a study: ``trials`` as of the last look, ``ended`` in the order of their ends.

    ``open`` are those that run or wait, by number; ``fatal`` ended by a mistake in config or data.
    ``left_out`` are slots that are not to be tried.
    ``results`` counts the ended ones that told something: all but those that were interrupted.
    ``seen`` is what the last look gave, whole, for another thread's own slots.
    A slot is settled by a trial that completed, was pruned, or failed for good. Trials that another
    program made have no slot; an open one counts as open.
    """

    def __init__(self) -> None:
        self.trials: list[FrozenTrial] = []
        self.ended: list[FrozenTrial] = []
        self.fatal: list[FrozenTrial] = []
        self.results = 0
        self.open: dict[int, FrozenTrial] = {}
        self.total = 0
        self._attrs: Mapping[str, Any] = {}
        self.left_out: set[int] = set()
        self._tried: dict[int, list[FrozenTrial]] = {}
        self._failed: set[int] = set()
        self._fresh = 0
        self.seen: tuple[list[FrozenTrial], Mapping[str, Any]] = ([], {})

    def update(self, trials: list[FrozenTrial], attrs: Mapping[str, Any]) -> None:
        """Take in the study's trials, in the order of their numbers, and its user attributes."""
        looked_at = [*(trials[number] for number in self.open), *trials[len(self.trials) :]]
        self.trials, self._attrs = trials, attrs
        ended = [self._taken(trial) for trial in looked_at]
        new = sorted((trial for trial in ended if trial is not None), key=_end)
        self.ended += new
        self.fatal += [trial for trial in new if kind_of(trial) == FATAL]
        left_out = set(attrs.get(StudyAttr.LEFT_OUT) or ())
        self.results += sum(kind_of(trial) not in (INTERRUPTED, WITHDRAWN) for trial in new)
        self.total = int(attrs.get(StudyAttr.N_TRIALS) or 0)
        if not left_out >= self.left_out:
            self._fresh = 0
        self.left_out = left_out
        self.seen = (trials, attrs)

    def _taken(self, trial: FrozenTrial) -> FrozenTrial | None:
        """Note how a trial stands; gives it if it has ended."""
        slot = slot_of(trial)
        if slot is not None:
            self._place(slot, trial)
        if not trial.state.is_finished():
            self.open[trial.number] = trial
            return None
        self.open.pop(trial.number, None)
        return trial

    def _place(self, slot: int, trial: FrozenTrial) -> None:
        tried = self._tried.setdefault(slot, [])
        if tried and tried[-1].number == trial.number:
            tried[-1] = trial
        else:
            tried[:] = sorted([*(t for t in tried if t.number != trial.number), trial], key=_number)
        last = tried[-1]
        may_return = kind_of(last) in RETURNING
        (self._failed.add if may_return else self._failed.discard)(slot)

    def snapshots(self) -> list[TrialSnapshot]:
        """Give the study's trials as plain values, as of the last look."""
        return [snapshot_of(trial) for trial in self.trials]

    def attr(self, key: str) -> Any:
        """Give a user attribute of the study as of the last look, None if it has none."""
        return self._attrs.get(key)

    def tried(self, slot: int) -> Sequence[FrozenTrial]:
        """Give a slot's trials in the order of their numbers; the last one counts."""
        return self._tried.get(slot, ())

    def taken(self) -> Collection[int]:
        """Give the slots that hold a trial."""
        return self._tried.keys()

    def named_points(self) -> dict[int, Params]:
        """Give the points that the application named for slots of this study."""
        named = self._attrs.get(StudyAttr.POINTS) or {}
        return {int(slot): point for slot, point in named.items()}

    def points(self) -> dict[int, Params]:
        """Give the point of each slot that has one: tried, or named by the application."""
        tried = {slot: point_of(trials[-1]) for slot, trials in self._tried.items()}
        return {**self.named_points(), **tried}

    def leave_out(self, slot: int, most: int) -> None:
        """Take a slot out; one more joins in its place, up to ``most`` slots in all."""
        self.left_out.add(slot)
        self.total = max(self.total, min(self.total + 1, most))

    def total_for(self, size: int, most: int) -> int:
        """Give the total with which ``size`` slots are not left out, or as near as ``most`` allows.

        A study that begins with its points has no more slots than those.
        """
        total = size
        for slot in sorted(self.left_out):
            total += slot < total < most
        return total

    def next(self, retries: Retries) -> int | None:
        """Give the slot that is to be tried next: one to be tried again, else the first fresh."""
        again = [s for s in self._failed if self._is_wanted(s) and retries.again(self._tried[s])]
        return min(again, default=self._first_fresh())

    def _first_fresh(self) -> int | None:
        while self._fresh < self.total and not self._is_fresh(self._fresh):
            self._fresh += 1
        return self._fresh if self._fresh < self.total else None

    def _is_fresh(self, slot: int) -> bool:
        return slot not in self._tried and slot not in self.left_out

    def _is_wanted(self, slot: int) -> bool:
        return slot < self.total and slot not in self.left_out

    def size(self) -> int:
        """Count the slots that are to hold a trial."""
        return self.total - sum(slot < self.total for slot in self.left_out)

    def untried(self) -> int:
        """Count the wanted slots that hold no trial yet."""
        return self.size() - self._wanted(self._tried)

    def to_try(self, retries: Retries) -> int:
        """Count the slots that somebody must still take: untried, or to be tried again."""
        again = (s for s in self._failed if self._is_wanted(s) and retries.again(self._tried[s]))
        return self.untried() + sum(1 for _ in again)

    def _wanted(self, slots: Iterable[int]) -> int:
        return sum(map(self._is_wanted, slots))

    def at_work(self, session: str) -> list[FrozenTrial]:
        """Give the trials that the workers of one command run."""
        running = [t for t in self.open.values() if t.state is TrialState.RUNNING]
        return [t for t in running if t.user_attrs.get(TrialAttr.SESSION) == session]

    def is_over(self, retries: Retries) -> bool:
        """Say whether nothing runs or waits and every slot is settled."""
        return not self.open and not self.to_try(retries)


def slot_of(trial: FrozenTrial) -> int | None:
    """Give the slot that the trial was made for, None for another program's trial."""
    slot = trial.user_attrs.get(TrialAttr.SLOT)
    return None if slot is None else int(slot)


def _number(trial: FrozenTrial) -> int:
    return trial.number


def _end(trial: FrozenTrial) -> tuple[datetime, int]:
    return trial.datetime_complete or datetime.min, trial.number
