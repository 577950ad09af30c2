"""A worker: takes trials from the queue and runs each as a Hydra job until none is left."""

import logging
import os
import sys
from dataclasses import dataclass

from hydra.core.utils import configure_log
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from rcnn_sweep.process import ProcessId, hide_in_logs, signals
from rcnn_sweep.sweep.feasibility import FeasibilityCheck
from rcnn_sweep.sweep.hooks import load_hooks
from rcnn_sweep.sweep.space import Composer
from rcnn_sweep.sweep.storage import connected, with_password
from rcnn_sweep.sweep.study import (
    Claim,
    Queue,
    Reaper,
    failures_in_a_row,
    shared_mistake,
    stop_mark,
)
from rcnn_sweep.sweep.workers.spec import WorkerSpec
from rcnn_sweep.sweep.workers.trial_runner import CalledOff, TrialRunner

IDLE = 0.5
"""Seconds between two looks at a queue in which nothing waits while others still run."""


@dataclass(frozen=True)
class WorkerJob:
    """The task function that a Hydra launcher runs, in whatever process it likes."""

    spec: WorkerSpec
    context: HydraContext
    master: DictConfig
    task: TaskFunction

    def __call__(self, _: DictConfig) -> int:
        """Drain the queue; gives the number of trials taken, 0 where called off."""
        os.environ.update({**self.spec.defaults, **os.environ, **self.spec.environment})
        hide_in_logs()
        if self.spec.working_directory.is_dir():
            os.chdir(self.spec.working_directory)
        try:
            with signals.noted():
                return self.drain()
        except CalledOff:
            return 0

    def drain(self) -> int:
        """Take trials until none waits and none runs, or until told to stop."""
        worker = Worker.of(self)
        taken = 0
        limit = self.spec.options.max_trials_per_worker or sys.maxsize
        while taken < limit and not worker.is_stopped():
            signals.raise_pending()
            number = worker.claim()
            if number is not None:
                taken += 1
                worker.runner.run(number)
                configure_log(self.master.hydra.hydra_logging, self.master.hydra.verbose)
            elif worker.queue.slots.is_over(self.spec.retries):
                break
            else:
                worker.reaper.reap(worker.queue.slots)
                signals.wait(IDLE)
        logging.getLogger(__name__).debug("worker %s took %d trials", worker.name, taken)
        return taken


@dataclass(frozen=True)
class Worker:
    """The working parts of a worker in its process."""

    name: str
    queue: Queue
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
        return cls(str(ProcessId.own()), queue, reaper, runner, spec)

    def claim(self) -> int | None:
        """Take the next slot; gives the number of its trial, None if there is none to take."""
        claim = Claim(self.name, self.spec.session)
        return self.queue.claim(claim, self.spec.retries, self.spec.points)

    def is_stopped(self) -> bool:
        """Say whether no further trial is to begin: called off, at a limit, or hopeless."""
        slots, began = self.queue.look(), self.spec.began
        if slots.attr(stop_mark(self.spec.session)):
            return True
        if self.spec.limit_reached(slots) is not None:
            return True
        is_hopeless = failures_in_a_row(slots, began) >= self.spec.options.max_failures
        return is_hopeless or shared_mistake(slots, began) is not None
