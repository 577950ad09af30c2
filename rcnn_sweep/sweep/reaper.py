"""Ends the trials of processes that died, in the study and in the application's record."""

from dataclasses import dataclass, field

from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.hooks import Recorded, StudyHooks
from rcnn_sweep.sweep.liveness import Observer
from rcnn_sweep.sweep.queue import DEAD, Queue
from rcnn_sweep.sweep.trial import ObjectiveNotFinite
from rcnn_sweep.sweep.verdict import objective


@dataclass
class Reaper:
    """Looks after one study."""

    queue: Queue
    hooks: StudyHooks
    metrics: tuple[str, ...]
    observer: Observer = field(default_factory=Observer)

    def reap(self) -> list[int]:
        """End the running trials whose worker is dead; gives their numbers."""
        dead = [t for t in self.queue.trials((TrialState.RUNNING,)) if self._is_dead(t)]
        for trial in dead:
            self._end(trial)
        return [trial.number for trial in dead]

    def _is_dead(self, trial: FrozenTrial) -> bool:
        worker = str(trial.user_attrs.get("worker", "unknown:0:0"))
        return self.observer.is_dead(trial.number, worker, trial.user_attrs.get("heartbeat"))

    def _end(self, trial: FrozenTrial) -> None:
        recorded = self.hooks.outcome(trial.user_attrs)
        if recorded is not None and self._told(trial, recorded):
            return
        worker = trial.user_attrs.get("worker", "unknown")
        reason = f"its process died (worker {worker})"
        self.hooks.orphan(trial.user_attrs, reason)
        self.queue.fail(trial.number, DEAD, reason)

    def _told(self, trial: FrozenTrial, recorded: Recorded) -> bool:
        """Tell the study what the application had recorded; false if that is no result."""
        trial_id = self.queue.id_of(trial.number)
        try:
            state, values = TrialState.PRUNED, _last(trial)
            if recorded.state == "complete":
                state, values = TrialState.COMPLETE, list(objective(recorded.result, self.metrics))
            self.queue.set_attrs(trial.number, {"recovered": True})
            return self.queue.storage.set_trial_state_values(trial_id, state, values)
        except UpdateFinishedTrialError:
            return True
        except (ObjectiveNotFinite, UserError):
            return False


def _last(trial: FrozenTrial) -> list[float] | None:
    """Give a pruned trial's value, the last intermediate one, as ``Study.tell`` does."""
    step = trial.last_step
    return None if step is None else [trial.intermediate_values[step]]
