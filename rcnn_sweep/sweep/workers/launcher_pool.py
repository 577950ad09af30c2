"""A pool of workers elsewhere: one call of the Hydra launcher for each, in a thread of its own."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import partial

from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher

from rcnn_sweep.sweep.space import Composer
from rcnn_sweep.sweep.storage import PASSWORD_VARIABLE, masked
from rcnn_sweep.sweep.workers.launchers import launcher_of
from rcnn_sweep.sweep.workers.pool import GRACE
from rcnn_sweep.sweep.workers.resources import devices_of, environment_of
from rcnn_sweep.sweep.workers.slurm import Scheduler
from rcnn_sweep.sweep.workers.worker import WorkerJob

ALONE = 60.0
"""Seconds that the first launch has to itself: a launcher may start a cluster (Ray), once."""


@dataclass(frozen=True)
class Launch:
    """One call of the launcher, in a thread that stays until this process ends.

    On Linux a child may ask to be killed once the *thread* that started it is gone
    (``PR_SET_PDEATHSIG``), and a Ray cluster does: it would die with the first launch that is over,
    and take the other workers along.
    """

    call: Callable[[], None]
    is_over: threading.Event = field(default_factory=threading.Event)

    def begin(self) -> threading.Thread:
        """Start the thread."""
        thread = threading.Thread(target=self._run, daemon=True)
        thread.start()
        return thread

    def _run(self) -> None:
        try:
            self.call()
        finally:
            self.is_over.set()
        threading.Event().wait()


@dataclass
class LauncherPool:
    """Workers that a Hydra launcher starts; each that ends is replaced on its own.

    One launch begins at a time, and the others only once a worker of the first is at work:
    launchers share Hydra's and their own global state while they start. ``current`` has
    the last launch for each worker's index; ``launches`` the threads of all.
    """

    job: WorkerJob
    size: int
    is_at_work: Callable[[], bool]
    current: dict[int, Launch] = field(default_factory=dict)
    launches: list[threading.Thread] = field(default_factory=list)
    first: float = 0.0
    failure: str | None = None

    def __post_init__(self) -> None:
        self.scheduler.watch()

    @property
    def started(self) -> int:
        """Count the launches so far."""
        return len(self.launches)

    @property
    def scheduler(self) -> Scheduler:
        """Give what runs the launcher's jobs."""
        return launcher_of(self.job.master).scheduler

    def scale_to(self, wanted: int) -> None:
        """Launch one more worker where fewer than wanted are at work."""
        self.current = {i: one for i, one in self.current.items() if not one.is_over.is_set()}
        free = [index for index in range(self.size) if index not in self.current]
        if not free or len(self.current) >= wanted or self._is_first_alone():
            return
        job = self._job(free[0])
        launch = Launch(partial(self._launch, _instantiated(job), job, self.started))
        self.first = self.first or time.monotonic()
        self.current[free[0]] = launch
        self.launches.append(launch.begin())

    def _is_first_alone(self) -> bool:
        is_young = time.monotonic() - self.first < ALONE
        return bool(self.current) and is_young and not self.is_at_work()

    def _job(self, index: int) -> WorkerJob:
        is_shared = launcher_of(self.job.master).shares_gpus
        devices = devices_of(index, self.size) if is_shared else {}
        spec = self.job.spec
        spec = replace(spec, environment={**spec.environment, **devices})
        return replace(self.job, spec=spec, master=deepcopy(self.job.master))

    def _launch(self, launcher: Launcher, job: WorkerJob, number: int) -> None:
        own = Composer(job.context.config_loader, job.master, job.spec.fixed)
        overrides = [*own.whole(), f"hydra.sweep.subdir=workers/{number}"]
        try:
            for ended in launcher.launch([overrides], initial_job_idx=number):
                _ = ended.return_value
        except BaseException as error:
            said = next(iter(str(error).strip().splitlines()), "")
            self.failure = f"the launcher ended worker {number} with {type(error).__name__}: {said}"

    def alive(self) -> int:
        """Count the workers whose launch has not returned."""
        return sum(not launch.is_over.is_set() for launch in self.current.values())

    def last_failure(self) -> str | None:
        """Say how the last worker that died did so."""
        return self.failure

    def stop(self) -> None:
        """Wait for the workers, which see in the storage that they are called off."""
        self.scheduler.cancel(self.launches, only_pending=True)
        deadline = time.monotonic() + GRACE
        for launch in self.current.values():
            launch.is_over.wait(max(0.0, deadline - time.monotonic()))
        self.kill()

    def kill(self) -> None:
        """Have the scheduler end the workers, and leave none waiting in its queue."""
        self.scheduler.cancel(self.launches, only_pending=not self.alive())


def _instantiated(job: WorkerJob) -> Launcher:
    return Plugins.instance().instantiate_launcher(
        hydra_context=job.context, task_function=job, config=job.master
    )


def launched(job: WorkerJob, size: int, environment: Mapping[str, str]) -> WorkerJob:
    """Give the job as a launcher gets it: workers elsewhere set their environment themselves.

    ``environment`` may hold passwords. Where the launcher writes its jobs to disk (submitit
    pickles them) they travel in this process's environment, which its workers inherit.
    """
    spec = replace(job.spec, defaults=environment_of(size))
    if launcher_of(job.master).in_memory:
        return replace(job, spec=replace(spec, environment=environment))
    os.environ.update({**environment, PASSWORD_VARIABLE: spec.url})
    return replace(job, spec=replace(spec, url=masked(spec.url)))
