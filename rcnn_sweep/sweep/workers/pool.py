"""Pools of workers, and the one of processes on this machine."""

import inspect
import os
import pickle
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import cloudpickle  # type: ignore[import-untyped]
from hydra.core.singleton import Singleton
from hydra.types import TaskFunction

from rcnn_sweep.errors import UserError
from rcnn_sweep.process import import_path
from rcnn_sweep.sweep.workers.child import framed
from rcnn_sweep.sweep.workers.resources import devices_of, environment_of
from rcnn_sweep.sweep.workers.worker import WorkerJob

GRACE = 20.0
"""Seconds that workers have to record their interrupted trials before they are killed."""


class WorkerPool(Protocol):
    """Workers that a driver starts, watches and stops."""

    @property
    def started(self) -> int:
        """Count the workers started so far."""

    def scale_to(self, wanted: int) -> None:
        """Have ``wanted`` workers at work, replacing those that ended."""

    def alive(self) -> int:
        """Count the workers still at work."""

    def last_failure(self) -> str | None:
        """Say how the last worker that died did so, None if none did."""

    def stop(self) -> None:
        """Ask the workers to record their interrupted trials and wait until they have."""

    def kill(self) -> None:
        """End the workers at once."""


@dataclass
class ProcessPool:
    """One process a worker, each on its own: one that is killed takes no other along.

    A worker writes to ``<directory>/workers/<number>.log``. It leads a process group: what it
    leaves behind there when it dies, such as a data loader, is ended with it. Started before there
    is a job, it imports what ``hooks``, a class by its dotted name, needs, and waits for it.
    """

    directory: Path
    size: int
    hooks: str | None = None
    packed_job: bytes = b""
    processes: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)
    started: int = 0
    failure: str | None = None

    def give(self, job: WorkerJob) -> None:
        """Give the workers their job, those at hand and those to come."""
        self.packed_job = packed(job)
        for process in self.processes.values():
            _send(process, self.packed_job)

    def scale_to(self, wanted: int) -> None:
        """Replace ended workers while there is work for them."""
        self._collect()
        for index in range(self.size):
            if index not in self.processes and len(self.processes) < wanted:
                self.processes[index] = self._start(index)

    def _collect(self) -> None:
        for index, process in list(self.processes.items()):
            if _has_ended(process):
                del self.processes[index]
                if process.returncode:
                    self.failure = f"worker {process.pid} ended with code {process.returncode}"

    def _start(self, index: int) -> subprocess.Popen[bytes]:
        log = self.log_file(self.started)
        log.parent.mkdir(parents=True, exist_ok=True)
        self.started += 1
        shared = environment_of(self.size) | os.environ
        with log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "rcnn_sweep.sweep.workers.child"],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env={**shared, **devices_of(index, self.size), "PYTHONPATH": import_path()},
                start_new_session=True,
            )
        _send(process, pickle.dumps((sys.path, self.hooks)))
        if self.packed_job:
            _send(process, self.packed_job)
        return process

    def log_file(self, number: int) -> Path:
        """Give the log of the worker that was started as ``number``."""
        return self.directory / "workers" / f"{os.getpid()}-{number}.log"

    def alive(self) -> int:
        """Count the processes still running."""
        return sum(not _has_ended(process) for process in self.processes.values())

    def last_failure(self) -> str | None:
        """Say how the last worker that died did so."""
        self._collect()
        return self.failure and f"{self.failure}; its log: {self.log_file(self.started - 1)}"

    def stop(self) -> None:
        """Send SIGTERM and wait; kill those that take too long."""
        for process in self.processes.values():
            process.terminate()
        deadline = time.monotonic() + GRACE
        while self.alive() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.kill()

    def kill(self) -> None:
        """Kill the processes and what they have started."""
        for process in self.processes.values():
            if not _has_ended(process):
                _end_group(process)
                process.wait()


def _send(process: subprocess.Popen[bytes], message: bytes) -> None:
    """Send a message; one who died before it had read all is found dead at the next look."""
    if process.stdin is None:
        raise RuntimeError("a worker process has no standard input")
    if process.stdin.closed:
        return
    try:
        process.stdin.write(framed(message))
        process.stdin.flush()
    except BrokenPipeError:
        with suppress(BrokenPipeError):
            process.stdin.close()


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Say whether the worker has ended; one that died leaves none of its group behind.

    The group is ended at once when the worker is found dead, while its number is surely its own.
    """
    if process.returncode is None and process.poll():
        _end_group(process)
    return process.returncode is not None


def _end_group(leader: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):  # none left, or (macOS) only the dead
        os.killpg(leader.pid, signal.SIGKILL)


def packed(job: WorkerJob) -> bytes:
    """Pickle what a worker process gets; raises :class:`UserError` where the app cannot be."""
    try:
        content: bytes = cloudpickle.dumps((job, Singleton.get_state()))
    except Exception as error:
        culprit = _unpicklable(job.task)
        what = f"its global {culprit} cannot be copied" if culprit else "it cannot be copied"
        raise UserError(
            "hydra.sweeper.workers: expected an app that can be copied to worker processes; "
            f"{what} ({type(error).__name__}: {error}).\nCreate it within the task, or add "
            "hydra.sweeper.workers=1 (without max_trials_per_worker): this process runs the trials."
        ) from error
    return content


def _unpicklable(task: TaskFunction) -> str | None:
    """Name the global that the task uses, itself or in its functions, and that is at fault."""
    functions, seen = [task], {task}
    for function in functions:
        used = inspect.getclosurevars(function).globals if inspect.isfunction(function) else {}
        for name, value in used.items():
            if not inspect.isfunction(value) and not _pickles(value):
                return name
            if inspect.isfunction(value) and value not in seen:
                functions.append(value)
                seen.add(value)
    return None


def _pickles(value: Any) -> bool:
    try:
        cloudpickle.dumps(value)
    except Exception:
        return False
    return True
