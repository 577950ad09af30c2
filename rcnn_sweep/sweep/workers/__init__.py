"""Who works on trials: the driver, pools of workers, one worker, one trial."""

from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy

if TYPE_CHECKING:
    from rcnn_sweep.sweep.workers.driver import Driver
    from rcnn_sweep.sweep.workers.launcher_pool import LauncherPool, launched
    from rcnn_sweep.sweep.workers.launchers import LauncherTraits, launcher_of
    from rcnn_sweep.sweep.workers.pool import ProcessPool, WorkerPool, packed
    from rcnn_sweep.sweep.workers.resources import (
        THREADS,
        automatic_workers,
        gpus,
        is_here,
        threads_of,
    )
    from rcnn_sweep.sweep.workers.spec import WorkerSpec
    from rcnn_sweep.sweep.workers.worker import WorkerJob

__all__ = [
    "THREADS",
    "Driver",
    "LauncherPool",
    "LauncherTraits",
    "ProcessPool",
    "WorkerJob",
    "WorkerPool",
    "WorkerSpec",
    "automatic_workers",
    "gpus",
    "is_here",
    "launched",
    "launcher_of",
    "packed",
    "threads_of",
]

if not TYPE_CHECKING:
    __getattr__ = lazy(__name__)
