"""A worker: takes trials from the queue and runs each as a Hydra job until none is left."""

import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from hydra.core.utils import configure_log
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from rcnn_sweep.process import ProcessId, signals
from rcnn_sweep.sweep.hooks import load_hooks
from rcnn_sweep.sweep.options import SweeperOptions
from rcnn_sweep.sweep.space import Composer, Space
from rcnn_sweep.sweep.storage import connected, with_password
from rcnn_sweep.sweep.study import Queue, Reaper, failures_in_a_row, shared_mistake
from rcnn_sweep.sweep.workers.trial_runner import CalledOff, TrialRunner

IDLE = 0.5
"""Seconds between two looks at a queue in which nothing waits while others still run."""


@dataclass(frozen=True)
class WorkerSpec:
    """All that a worker needs; it travels to the worker's process.

    ``session`` names the driver's run. ``began`` is its start: failures in a row count from
    there. ``environment`` holds variables that the worker sets, ``defaults`` those that it sets
    unless they are set there, such as thread counts. ``url`` may have its password masked; the
    worker then finds it in its own environment.
    """

    options: SweeperOptions
    space: Space
    study_name: str
    url: str = field(repr=False)
    directory: Path
    working_directory: Path
    fixed: tuple[str, ...]
    parent: Mapping[str, Any]
    session: str
    began: datetime
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    defaults: Mapping[str, str] = field(default_factory=dict)


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
            number = worker.queue.claim(worker.name, self.spec.session)
            if number is not None:
                taken += 1
                worker.runner.run(number)
                configure_log(self.master.hydra.hydra_logging, self.master.hydra.verbose)
                worker.queue.fill({})
            elif worker.queue.open_trials():
                worker.reaper.reap()
                worker.queue.fill({})
                signals.wait(IDLE)
            else:
                break
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
        work, options = job.spec, job.spec.options
        url = with_password(work.url)
        storage = connected(url)
        study_id = storage.get_study_id_from_name(work.study_name)
        queue = Queue(storage, study_id, url, options.n_trials, options.max_retries)
        composer = Composer(job.context.config_loader, job.master, work.fixed)
        hooks = load_hooks(options.hooks, composer.task({}))
        runner = TrialRunner(
            queue=queue,
            space=work.space,
            composer=composer,
            hooks=hooks,
            options=options,
            study_name=work.study_name,
            directory=work.directory,
            parent=work.parent,
            context=job.context,
            task=job.task,
            is_stopped=lambda: queue.is_stopped(work.session),
        )
        name = str(ProcessId.own())
        reaper = Reaper(queue, hooks, options.metrics, work.began)
        return cls(name, queue, reaper, runner, work)

    def is_stopped(self) -> bool:
        """Say whether the driver has called the workers off, or will."""
        if self.queue.is_stopped(self.spec.session):
            return True
        trials, began = self.queue.trials(), self.spec.began
        is_hopeless = failures_in_a_row(trials, began) >= self.spec.options.max_failures
        return is_hopeless or shared_mistake(trials, began) is not None
