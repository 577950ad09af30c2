"""Ends the trials of processes that died, in the study and in the application's record."""

from dataclasses import dataclass, field
from datetime import datetime

from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from rcnn_sweep.errors import UserError
from rcnn_sweep.names import TrialAttr
from rcnn_sweep.sweep.hooks import Recorded, StudyHooks
from rcnn_sweep.sweep.study.liveness import Observer
from rcnn_sweep.sweep.study.outcome import objective
from rcnn_sweep.sweep.study.queue import Queue
from rcnn_sweep.sweep.study.slots import Slots
from rcnn_sweep.sweep.study.trials import DEAD, INTERRUPTED
from rcnn_sweep.sweep.trial import ObjectiveNotFinite


@dataclass
class Reaper:
    """Looks after one study for a command that ``began`` at that time.

    A trial whose process died under this command counts as dead and uses up a retry; one that
    began earlier was interrupted together with the command that had started it.
    """

    queue: Queue
    hooks: StudyHooks
    metrics: tuple[str, ...]
    began: datetime
    observer: Observer = field(default_factory=Observer)

    def reap(self, slots: Slots) -> list[int]:
        """End the running trials of a look whose worker is dead; gives their numbers."""
        dead = [trial for trial in _running(slots) if self._is_dead(trial)]
        for trial in dead:
            is_new = trial.datetime_start is not None and trial.datetime_start >= self.began
            reason = (
                f"its process died (worker {trial.user_attrs.get(TrialAttr.WORKER, 'unknown')})"
            )
            self._end(trial, DEAD if is_new else INTERRUPTED, reason)
        return [trial.number for trial in dead]

    def interrupt(self, session: str) -> None:
        """End the trials that the workers of ``session`` still run: their command is over."""
        for trial in self.queue.look().at_work(session):
            self._end(trial, INTERRUPTED, "interrupted: the sweep ended before its worker did")

    def _is_dead(self, trial: FrozenTrial) -> bool:
        worker = str(trial.user_attrs.get(TrialAttr.WORKER, "unknown:0:0"))
        return self.observer.is_dead(
            trial.number, worker, trial.user_attrs.get(TrialAttr.HEARTBEAT)
        )

    def _end(self, trial: FrozenTrial, kind: str, reason: str) -> None:
        recorded = self.hooks.outcome(trial.user_attrs)
        if recorded is not None and self._told(trial, recorded):
            return
        mark = self.hooks.interrupted if kind == INTERRUPTED else self.hooks.orphan
        mark(trial.user_attrs, reason)
        self.queue.fail(trial.number, kind, reason)

    def _told(self, trial: FrozenTrial, recorded: Recorded) -> bool:
        """Tell the study what the application had recorded; false if that is no result."""
        trial_id = self.queue.id_of(trial.number)
        try:
            state, values = TrialState.PRUNED, _last(trial)
            if recorded.state == "complete":
                state, values = TrialState.COMPLETE, list(objective(recorded.result, self.metrics))
            self.queue.set_attrs(trial.number, {TrialAttr.RECOVERED: True})
            return self.queue.storage.set_trial_state_values(trial_id, state, values)
        except UpdateFinishedTrialError:
            return True
        except (ObjectiveNotFinite, UserError):
            return False


def _running(slots: Slots) -> list[FrozenTrial]:
    return [trial for trial in slots.open.values() if trial.state is TrialState.RUNNING]


def _last(trial: FrozenTrial) -> list[float] | None:
    """Give a pruned trial's value, the last intermediate one, as ``Study.tell`` does."""
    step = trial.last_step
    return None if step is None else [trial.intermediate_values[step]]
