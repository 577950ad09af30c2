"""Schedulers of clusters: how their jobs stand, and how those that are not wanted end."""

import os
import subprocess
from collections.abc import Collection
from threading import Thread
from typing import Protocol


class Scheduler(Protocol):
    """What runs the jobs of a launcher, as far as a pool must deal with it itself."""

    def watch(self) -> None:
        """Have the launcher notice within seconds that a job is over, however it ended."""

    def cancel(self, launches: Collection[Thread], *, only_pending: bool) -> None:
        """End the jobs that those threads have submitted, or of them those that do not run."""

    def is_replaced(self) -> bool:
        """Say, in a job, whether it was started once more after its worker had taken its leave."""


class NoScheduler:
    """Jobs end with their workers, and nobody starts them once more."""

    def watch(self) -> None:
        """Leave it to the launcher."""

    def cancel(self, launches: Collection[Thread], *, only_pending: bool) -> None:
        """Leave the workers to the launcher; they stop at their next step."""

    def is_replaced(self) -> bool:
        """Each job starts once."""
        return False


class Slurm:
    """Slurm, as submitit uses it.

    A job that is preempted, or whose node fails, is put back into the queue by Slurm and starts
    once more under its number. If its worker had died there, it goes on for that worker; if its
    worker had taken its leave, another one has its place by then.
    """

    def watch(self) -> None:
        """Ask ``squeue`` from now on, where submitit asks ``sacct`` every ten minutes in the end.

        It needs no accounting, which not every cluster has.
        """
        import submitit

        from rcnn_sweep.sweep.workers.slurm_queue import QueueWatcher

        if not isinstance(submitit.SlurmJob.watcher, QueueWatcher):
            submitit.SlurmJob.watcher = QueueWatcher()

    def cancel(self, launches: Collection[Thread], *, only_pending: bool) -> None:
        """Call ``scancel``: a worker at work gets SIGTERM, and SIGKILL after Slurm's KillWait.

        A job that is over may be back in the queue; one that is over for good does not mind.
        """
        import submitit

        from rcnn_sweep.sweep.workers.slurm_queue import QueueWatcher

        watcher = submitit.SlurmJob.watcher
        if isinstance(watcher, QueueWatcher) and (jobs := watcher.submitted_by(launches)):
            pending = ["--state=PENDING"] if only_pending else []
            subprocess.run(["scancel", *pending, *jobs], check=False, capture_output=True)

    def is_replaced(self) -> bool:
        """Look for the result that a worker leaves as it ends, and its pool waits for."""
        if not int(os.environ.get("SLURM_RESTART_COUNT") or 0):
            return False
        import submitit

        return bool(submitit.JobEnvironment().paths.result_pickle.exists())
