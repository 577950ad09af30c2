"""A worker: takes trials from the queue and runs each as a Hydra job until none is left."""

import gc
import logging
import os
import sys
from dataclasses import dataclass
from functools import partial

from hydra.core.utils import configure_log
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from rcnn_sweep.errors import Terminated
from rcnn_sweep.process import ProcessId, hide_in_logs, signals
from rcnn_sweep.sweep.feasibility import FeasibilityCheck
from rcnn_sweep.sweep.hooks import load_hooks
from rcnn_sweep.sweep.options import SweeperOptions
from rcnn_sweep.sweep.space import Composer
from rcnn_sweep.sweep.storage import connected, with_password
from rcnn_sweep.sweep.study import (
    Claim,
    Queue,
    Reaper,
    Slots,
    confirmation_of,
    failures_in_a_row,
    shared_mistake,
    stop_mark,
)
from rcnn_sweep.sweep.trial import derived_seed
from rcnn_sweep.sweep.workers.launchers import launcher_of
from rcnn_sweep.sweep.workers.spec import WorkerSpec
from rcnn_sweep.sweep.workers.trial_runner import TrialRunner

IDLE = 0.5
"""Seconds between two looks at a queue in which nothing waits while others still run."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkerJob:
    """The task function that a Hydra launcher runs, in whatever process it likes."""

    spec: WorkerSpec
    context: HydraContext
    master: DictConfig
    task: TaskFunction

    def __call__(self, _: DictConfig) -> int:
        """Drain the queue; gives the number of trials taken, 0 where stopped before its end.

        A worker that is called off, or whose scheduler stops it, has ended as it should once its
        trial is recorded: whoever launched it learns so at once.
        """
        if launcher_of(self.master).scheduler.is_replaced():
            log.warning("started once more after another worker had taken over: nothing to do")
            return 0
        os.environ.update({**self.spec.defaults, **os.environ, **self.spec.environment})
        hide_in_logs()
        if self.spec.working_directory.is_dir():
            os.chdir(self.spec.working_directory)
        try:
            with signals.noted():
                return self.drain()
        except Terminated as stop:
            log.warning("%s", stop)
            return 0

    def drain(self) -> int:
        """Take trials until none waits and none runs, or until told to stop."""
        worker = Worker.of(self)
        taken = 0
        limit = self.spec.options.max_trials_per_worker or sys.maxsize
        try:
            while taken < limit:
                signals.raise_pending()
                number = worker.queue.claim(worker.claim)
                if number is not None:
                    taken += 1
                    if taken == 2:
                        _keep_what_stands()
                    worker.runner.run(number)
                    configure_log(self.master.hydra.hydra_logging, self.master.hydra.verbose)
                elif worker.is_done():
                    break
                else:
                    worker.reaper.reap(worker.queue.slots)
                    signals.wait(IDLE)
        finally:
            gc.unfreeze()
        log.debug("worker %s took %d trials", worker.name, taken)
        return taken


def _keep_what_stands() -> None:
    """Have garbage collections look only at what later trials make.

    The modules that the first trial has imported stay: with TensorFlow, looking through them takes
    half a second, at least once a trial.
    """
    gc.collect()
    gc.freeze()


@dataclass(frozen=True)
class Worker:
    """The working parts of a worker in its process."""

    name: str
    queue: Queue
    claim: Claim
    reaper: Reaper
    runner: TrialRunner
    spec: WorkerSpec

    @classmethod
    def of(cls, job: WorkerJob) -> "Worker":
        """Open the storage and make the parts."""
        spec = job.spec
        url = with_password(spec.url)
        storage = connected(url)
        queue = Queue(storage, storage.get_study_id_from_name(spec.study_name), url)
        composer = Composer(job.context.config_loader, job.master, spec.fixed)
        hooks = load_hooks(spec.options.hooks, composer.task({}))
        check = FeasibilityCheck(composer, hooks)
        runner = TrialRunner(spec, queue, check, job.context, job.task)
        reaper = Reaper(queue, hooks, spec.options.metrics, spec.began)
        name = str(ProcessId.own())
        claim = Claim(
            worker=name,
            session=spec.session,
            retries=spec.retries,
            points=spec.points,
            is_possible=lambda point: check.reason(point) is None,
            is_stopped=partial(is_stopped, spec),
            confirmation=confirmation_of(spec.options),
            is_searched=spec.is_searched,
            seed_of=partial(_seed_of, spec.options),
        )
        return cls(name, queue, claim, reaper, runner, spec)

    def is_done(self) -> bool:
        """Say whether nothing is left for this worker, as of its last claim."""
        slots = self.queue.slots
        return is_stopped(self.spec, slots) or slots.is_over(self.spec.retries)


def is_stopped(spec: WorkerSpec, slots: Slots) -> bool:
    """Say whether no further trial is to begin: called off, at a limit, or hopeless."""
    if slots.attr(stop_mark(spec.session)) or spec.limit_reached(slots) is not None:
        return True
    is_hopeless = failures_in_a_row(slots, spec.began) >= spec.options.max_failures
    return is_hopeless or shared_mistake(slots, spec.began) is not None


def _seed_of(options: SweeperOptions, number: int, is_again: bool) -> int:
    """Give a trial's seed: its own, or that of all, which runs of one point again do not share."""
    is_common = options.common_seed and not is_again
    return derived_seed(options.seed, 0 if is_common else number)
