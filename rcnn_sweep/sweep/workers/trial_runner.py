"""One trial: its point, its config, its Hydra job, its verdict."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from hydra.core.utils import run_job
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict
from optuna import Study, Trial
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from rcnn_sweep.errors import Terminated, UserError
from rcnn_sweep.names import TrialAttr
from rcnn_sweep.process import signals
from rcnn_sweep.sweep.hooks import StudyHooks
from rcnn_sweep.sweep.options import SweeperOptions
from rcnn_sweep.sweep.samplers import FeasibleSampler, make_pruner, make_sampler
from rcnn_sweep.sweep.space import Composer, Params, Space
from rcnn_sweep.sweep.study import FATAL, INTERRUPTED, Heart, Queue, TrialOutcome, judged, objective
from rcnn_sweep.sweep.trial import TrialContext, derived_seed, entered

log = logging.getLogger(__name__)


class CalledOff(Terminated):
    """The driver has called its workers off; to a task it looks like SIGTERM."""


class Superseded(Terminated):
    """Another process took this worker for dead and ended its trial; the slot has moved on."""


@dataclass(frozen=True)
class StudyChannel:
    """A task's way to the storage; also where it learns that the driver has called it off."""

    trial: Trial
    queue: Queue
    is_single: bool
    is_stopped: Callable[[], bool]

    def check(self) -> None:
        """Raise :class:`CalledOff` or :class:`Superseded` where the trial is not wanted."""
        with signals.held():
            if self.is_stopped():
                raise CalledOff("the driver stopped the sweep")
            if self.queue.trial(self.trial.number).state.is_finished():
                raise Superseded("another process has ended this trial")

    def report(self, step: int, value: float) -> bool:
        """Store the value and ask the pruner; Optuna prunes studies of one objective only."""
        with signals.held():
            self.check()
            if not self.is_single:
                return False
            self.trial.report(value, step)
            return self.trial.should_prune()

    def set_user_attr(self, key: str, value: Any) -> None:
        """Store a user attribute of the trial."""
        with signals.held():
            self.trial.set_user_attr(key, value)


@dataclass(frozen=True, kw_only=True)
class TrialRunner:
    """Runs claimed trials of one study in this process."""

    queue: Queue
    space: Space
    composer: Composer
    hooks: StudyHooks
    options: SweeperOptions
    study_name: str
    directory: Path
    parent: Mapping[str, Any]
    context: HydraContext
    task: TaskFunction
    is_stopped: Callable[[], bool]

    def run(self, number: int) -> None:
        """Run a claimed trial to its end. An interruption is recorded and passed on."""
        try:
            with Heart(lambda now: self.queue.set_attrs(number, {"heartbeat": round(now)})):
                self._run(number)
        except Superseded as stop:
            log.warning("trial %d was given up: %s", number, stop)
        except (KeyboardInterrupt, SystemExit, Terminated) as stop:
            self.queue.fail(number, INTERRUPTED, f"interrupted ({type(stop).__name__})")
            raise
        except UserError as error:
            self.queue.fail(number, FATAL, str(error))
        except UpdateFinishedTrialError:
            log.warning("trial %d was ended by another process meanwhile", number)

    def _run(self, number: int) -> None:
        study, sampler = self._study(number)
        trial = Trial(study, self.queue.id_of(number))
        seed = derived_seed(self.options.seed, number)
        trial.set_user_attr(TrialAttr.SEED, seed)
        params = self.space.suggest(trial)
        if sampler.rejected:
            trial.set_user_attr(TrialAttr.REJECTED, sampler.rejected)
        twin = self.queue.find_duplicate(number, params) if self.options.reuse_duplicates else None
        if twin is not None:
            self._reuse(study, trial, twin)
            return
        verdict = self._attempt(trial, params, seed)
        self._tell(study, number, verdict)

    def _study(self, number: int) -> tuple[Study, FeasibleSampler]:
        seed = derived_seed(self.options.seed, number)
        inner = make_sampler(self.options.sampler, seed, self.options.seed)
        sampler = FeasibleSampler(inner, self.space, self._impossible, seed)
        pruner = make_pruner(self.options.pruner)
        study = optuna.load_study(
            study_name=self.study_name, storage=self.queue.storage, sampler=sampler, pruner=pruner
        )
        return study, sampler

    def _impossible(self, params: Params) -> str | None:
        return self.hooks.validate(self.composer.task(params))

    def _reuse(self, study: Study, trial: Trial, twin: FrozenTrial) -> None:
        trial.set_user_attr(TrialAttr.DUPLICATE_OF, twin.number)
        if TrialAttr.RUN_ID in twin.user_attrs:
            trial.set_user_attr(TrialAttr.RUN_ID, twin.user_attrs[TrialAttr.RUN_ID])
        if len(study.directions) == 1:
            for step, value in twin.intermediate_values.items():
                trial.report(value, step)
        if twin.state is TrialState.PRUNED:
            study.tell(trial.number, state=TrialState.PRUNED)
        else:
            study.tell(trial.number, twin.values)

    def _attempt(self, trial: Trial, params: Params, seed: int) -> TrialOutcome:
        is_single = len(self.options.metrics) == 1
        channel = StudyChannel(trial, self.queue, is_single, self.is_stopped)
        context = TrialContext(
            study_name=self.study_name,
            number=trial.number,
            seed=seed,
            parent=self.parent,
            metrics=self.options.metrics,
            channel=channel,
        )
        with entered(context):
            return self._job(self._config(trial.number, params))

    def _config(self, number: int, params: Params) -> DictConfig:
        config = self.composer.job(params)
        with open_dict(config):
            config.hydra.job.id = f"{self.study_name}_{number}"
            config.hydra.job.num = number
            config.hydra.sweep.dir = str(self.directory)
            config.hydra.sweep.subdir = str(number)
        return config

    def _job(self, config: DictConfig) -> TrialOutcome:
        """Run the task as a Hydra job. Hydra keeps what it raised to itself: note it before."""
        verdicts: list[TrialOutcome] = []

        def task(task_config: DictConfig) -> Any:
            try:
                with signals.interruptible():
                    result = self.task(task_config)
                verdicts.append(TrialOutcome(values=objective(result, self.options.metrics)))
            except Exception as error:
                verdicts.append(judged(error))
                raise
            return result

        run_job(
            task_function=task,
            config=config,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
            hydra_context=self.context,
        )
        return verdicts[-1]

    def _tell(self, study: Study, number: int, verdict: TrialOutcome) -> None:
        if self.queue.trial(number).state.is_finished():
            log.warning(
                "trial %d was taken for dead and ended by another process; its own end, which "
                "the study does not hold, was: %s",
                number,
                verdict,
            )
        elif verdict.kind:
            signals.raise_pending()  # the failure is what became of a signal
            log.error("trial %d failed: %s", number, verdict.reason)
            self._write_failure(number, verdict)
            self.queue.fail(number, verdict.kind, verdict.reason, verdict.trace)
        elif verdict.pruned:
            study.tell(number, state=TrialState.PRUNED)
        else:
            study.tell(number, list(verdict.values or ()))

    def _write_failure(self, number: int, verdict: TrialOutcome) -> None:
        folder = self.directory / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / "failure.txt.partial"
        partial.write_text(f"{verdict.reason}\n\n{verdict.trace}", encoding="utf-8")
        partial.replace(folder / "failure.txt")
