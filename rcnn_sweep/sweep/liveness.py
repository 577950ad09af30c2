"""Who works on a trial, and whether they are still alive."""

import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from optuna.exceptions import OptunaError

BEAT = 10.0
"""Seconds between two heartbeats of a running trial."""

STALE = 3.5 * BEAT
"""Seconds without a new heartbeat after which a worker of another machine counts as dead."""


def machine() -> str:
    """Name this machine; containers that share a host name but not process ids differ."""
    namespace = Path("/proc/self/ns/pid")
    suffix = namespace.readlink().name.strip("pid:[]") if namespace.exists() else ""
    return f"{socket.gethostname()}/{suffix}"


@dataclass(frozen=True)
class WorkerId:
    """A process for ever: its machine, process id and start in seconds since the epoch."""

    machine: str
    pid: int
    started: float

    @classmethod
    def own(cls) -> "WorkerId":
        """Identify this process."""
        return cls(machine(), os.getpid(), round(psutil.Process().create_time(), 2))

    @classmethod
    def parse(cls, text: str) -> "WorkerId":
        """Read what ``str()`` wrote."""
        name, pid, started = text.rsplit(":", 2)
        return cls(name, int(pid), float(started))

    def __str__(self) -> str:
        return f"{self.machine}:{self.pid}:{self.started:.2f}"

    def runs_here(self) -> bool:
        """Say whether the process is alive; meaningful on its own machine only."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1.0
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


@dataclass
class Observer:
    """Judges workers: those of this machine by their process, others by their heartbeats.

    Only changes of a heartbeat are timed, with this machine's clock; clocks need not agree.
    """

    here: str = field(default_factory=machine)
    seen: dict[int, tuple[object, float]] = field(default_factory=dict)

    def is_dead(self, number: int, worker: str, heartbeat: object) -> bool:
        """Judge the worker of trial ``number`` by the last heartbeat in the storage."""
        identity = WorkerId.parse(worker)
        if identity.machine == self.here:
            return not identity.runs_here()
        now = time.monotonic()
        last, since = self.seen.get(number, (None, now))
        if number not in self.seen or last != heartbeat:
            self.seen[number] = (heartbeat, now)
            return False
        return now - since > STALE


class Heart:
    """A thread that calls ``beat`` every :data:`BEAT` seconds while its block runs."""

    def __init__(self, beat: Callable[[float], None]) -> None:
        self._beat = beat
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="heartbeat")

    def _run(self) -> None:
        while not self._stopped.wait(BEAT):
            try:
                self._beat(time.time())
            except OptunaError:
                continue  # a locked or unreachable storage: the next beat may get through

    def __enter__(self) -> "Heart":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
