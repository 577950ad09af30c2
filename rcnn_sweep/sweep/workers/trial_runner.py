"""One trial: its point, its config, its Hydra job, its outcome."""

import logging
import re
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import optuna
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict
from optuna import Study, Trial
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from rcnn_sweep.errors import Terminated, UserError
from rcnn_sweep.names import TrialAttr
from rcnn_sweep.process import signals, write_whole
from rcnn_sweep.sweep.feasibility import FeasibilityCheck, FeasibleSampler, KnownPoints
from rcnn_sweep.sweep.samplers import Samplers, make_pruner
from rcnn_sweep.sweep.space import Params
from rcnn_sweep.sweep.study import (
    FATAL,
    INTERRUPTED,
    Heart,
    Queue,
    TrialOutcome,
    objective,
    outcome_of,
)
from rcnn_sweep.sweep.trial import TrialContext, derived_seed, entered
from rcnn_sweep.sweep.workers.hydra_job import run_job
from rcnn_sweep.sweep.workers.spec import WorkerSpec

LOOK = 0.5
"""Seconds between two looks whether a running trial is still wanted."""

log = logging.getLogger(__name__)


class CalledOff(Terminated):
    """The driver has called its workers off; to a task it looks like SIGTERM."""


class Superseded(Terminated):
    """Another process took this worker for dead and ended its trial; the slot has moved on."""


class TaskExited(Exception):
    """The task called ``sys.exit``: to Hydra an error like any other, which ends its job only."""


@dataclass
class StudyChannel:
    """A task's way to the storage; also where it learns that the driver has called it off.

    A task may report thousands of steps a second: the storage is asked every :data:`LOOK` seconds,
    first that long after the trial was claimed.
    """

    trial: Trial
    queue: Queue
    session: str
    is_single: bool
    may_prune: bool = True
    looked: float = field(default_factory=time.monotonic)

    def check(self) -> None:
        """Raise :class:`CalledOff` or :class:`Superseded` where the trial is not wanted."""
        if time.monotonic() - self.looked < LOOK:
            return
        self.looked = time.monotonic()
        with signals.held():
            if self.queue.is_stopped(self.session):
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
            return self.may_prune and self.trial.should_prune()

    def set_user_attr(self, key: str, value: Any) -> None:
        """Store a user attribute of the trial."""
        with signals.held():
            self.trial.set_user_attr(key, value)


@dataclass(frozen=True)
class TrialRunner:
    """Runs claimed trials of one study in this process, as its worker's ``spec`` says."""

    spec: WorkerSpec
    queue: Queue
    check: FeasibilityCheck
    context: HydraContext
    task: TaskFunction

    def run(self, number: int) -> None:
        """Run a claimed trial to its end. An interruption is recorded and passed on."""
        try:
            with Heart(lambda now: self.queue.set_attrs(number, {TrialAttr.HEARTBEAT: round(now)})):
                self._run(number)
        except Superseded as stop:
            log.warning("trial %d was given up: %s", number, stop)
        except (KeyboardInterrupt, Terminated) as stop:
            self.queue.fail(number, INTERRUPTED, f"interrupted ({type(stop).__name__})")
            raise
        except UserError as error:
            self.queue.fail(number, FATAL, str(error))
        except SystemExit as error:  # the task's own never comes here
            signals.raise_pending()
            self.queue.fail(number, FATAL, f"a callback, hook or sampler raised {error!r}")
        except UpdateFinishedTrialError:
            log.warning("trial %d was ended by another process meanwhile", number)

    def _run(self, number: int) -> None:
        study, sampler = self._study(number)
        trial = Trial(study, self.queue.id_of(number))
        attrs = trial.user_attrs
        params = self.spec.space.suggest(trial)
        if sampler.rejected:
            trial.set_user_attr(TrialAttr.REJECTED, sampler.rejected)
        earlier = self.known.result(params)
        is_again = TrialAttr.CONFIRMS in attrs
        if earlier is not None and self.spec.options.reuse_duplicates and not is_again:
            self._reuse(study, trial, earlier)
            return
        config = self._config(number, params)
        outcome = self._attempt(trial, config, params, attrs[TrialAttr.SEED])
        self._tell(study, number, outcome, Path(config.hydra.runtime.output_dir))

    def _study(self, number: int) -> tuple[Study, FeasibleSampler]:
        """Give the study with a sampler of the trial's own seed.

        Optuna's study remembers what it has read for one trial, so each trial has one of its own.
        """
        options = self.spec.options
        seed = derived_seed(options.seed, number)
        self.known.look(self.queue.slots, number)
        sampler = FeasibleSampler(self.samplers.make(seed), self.known, self.check.reason, seed)
        study = optuna.load_study(
            study_name=self.spec.study_name,
            storage=self.queue.storage,
            sampler=sampler,
            pruner=make_pruner(options.pruner),
        )
        return study, sampler

    @cached_property
    def known(self) -> KnownPoints:
        """What this worker has learnt of the study's points."""
        return KnownPoints(self.spec.space)

    @cached_property
    def samplers(self) -> Samplers:
        """What makes the samplers of this worker's trials."""
        return Samplers(self.spec.options.sampler, self.spec.options.seed)

    def _reuse(self, study: Study, trial: Trial, earlier: FrozenTrial) -> None:
        trial.set_user_attr(TrialAttr.DUPLICATE_OF, earlier.number)
        if TrialAttr.RUN_ID in earlier.user_attrs:
            trial.set_user_attr(TrialAttr.RUN_ID, earlier.user_attrs[TrialAttr.RUN_ID])
        if len(study.directions) == 1:
            for step, value in earlier.intermediate_values.items():
                trial.report(value, step)
        if earlier.state is TrialState.PRUNED:
            study.tell(trial.number, state=TrialState.PRUNED)
        else:
            study.tell(trial.number, earlier.values)

    def _attempt(self, trial: Trial, config: DictConfig, params: Params, seed: int) -> TrialOutcome:
        spec = self.spec
        context = TrialContext(
            study_name=spec.study_name,
            number=trial.number,
            seed=seed,
            parent=spec.parent,
            metrics=spec.options.metrics,
            channel=StudyChannel(
                trial,
                self.queue,
                spec.session,
                is_single=len(spec.options.metrics) == 1,
                may_prune=TrialAttr.CONFIRMS not in trial.user_attrs,
            ),
            params=params,
        )
        with entered(context):
            return self._job(config)

    def _config(self, number: int, params: Params) -> DictConfig:
        config = self.check.composer.job(params)
        with open_dict(config):
            config.hydra.job.id = f"{self.spec.study_name}_{number}"
            config.hydra.job.num = number
            config.hydra.sweep.dir = str(self.spec.directory)
            config.hydra.sweep.subdir = numbered(config)
        return config

    def _job(self, config: DictConfig) -> TrialOutcome:
        """Run the task as a Hydra job. Hydra keeps what it raised to itself: note it before."""
        outcomes: list[TrialOutcome] = []

        def task(task_config: DictConfig) -> Any:
            try:
                with signals.interruptible():
                    result = self.task(task_config)
                outcomes.append(TrialOutcome(values=objective(result, self.spec.options.metrics)))
            except SystemExit as error:
                outcomes.append(outcome_of(error))
                raise TaskExited(outcomes[-1].reason) from error
            except Exception as error:
                outcomes.append(outcome_of(error))
                raise
            return result

        run_job(task, config, self.context)
        return outcomes[-1]

    def _tell(self, study: Study, number: int, outcome: TrialOutcome, folder: Path) -> None:
        if outcome.kind:
            signals.raise_pending()  # the failure is what became of a signal
            log.error("trial %d failed: %s", number, outcome.reason)
            _write_failure(folder, outcome)
            is_told = self.queue.fail(number, outcome.kind, outcome.reason, outcome.trace)
        else:
            values = list(outcome.values or ())
            ended = (
                study.tell(number, state=TrialState.PRUNED, skip_if_finished=True)
                if outcome.pruned
                else study.tell(number, values, skip_if_finished=True)
            )
            is_told = ended.state is not TrialState.FAIL
        if not is_told:
            log.warning(
                "trial %d was taken for dead and ended by another process; its own end, which "
                "the study does not hold, was: %s",
                number,
                outcome,
            )


def _write_failure(folder: Path, outcome: TrialOutcome) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "failure.txt", f"{outcome.reason}\n\n{outcome.trace}")


def numbered(config: DictConfig) -> str:
    """Give ``hydra.sweep.subdir`` as written, with the trial's number in it.

    Where it is not, it comes last: two trials may have everything else in common.
    """
    raw: Any = OmegaConf.to_container(config.hydra.sweep, resolve=False)
    written = str(raw["subdir"])
    is_unique = re.search(r"hydra[.:]job\.(num|id)\b", written)
    return written if is_unique else f"{written}/${{hydra.job.num}}"
