"""Name a process so that another one can tell later, perhaps elsewhere, whether it still lives."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

import psutil

SAME_TIME = 1.0
"""Seconds by which two readings of one process's start may differ when the clock is set."""


@dataclass(frozen=True)
class ProcessId:
    """A process for ever: a process id that is used again is another one.

    ``machine`` is ``host/boot/namespace``: containers may share a host name but not their process
    ids, and a machine that was started anew runs none of its earlier processes. ``started`` is in
    seconds since the epoch.
    """

    machine: str
    pid: int
    started: float

    @classmethod
    def own(cls) -> "ProcessId":
        """Identify this process."""
        return cls(machine(), os.getpid(), round(psutil.Process().create_time(), 2))

    @classmethod
    def parse(cls, text: str) -> "ProcessId":
        """Read what ``str()`` wrote; raises :class:`ValueError` for anything else."""
        name, pid, started = text.rsplit(":", 2)
        return cls(name, int(pid), float(started))

    def __str__(self) -> str:
        return f"{self.machine}:{self.pid}:{self.started:.2f}"

    def is_alive(self) -> bool | None:
        """Say whether the process still runs; None where this machine cannot know."""
        if self.machine == machine():
            return self._runs_here()
        return False if _is_earlier_boot(self.machine, machine()) else None

    def _runs_here(self) -> bool:
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < SAME_TIME
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied:
            return True


def machine() -> str:
    """Name what this process's id belongs to: host name, boot and namespace of process ids."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    namespace = Path("/proc/self/ns/pid")
    started = boot.read_text().strip()[:8] if boot.exists() else f"{psutil.boot_time():.0f}"
    inode = namespace.readlink().name.strip("pid:[]") if namespace.exists() else ""
    return f"{platform.node()}/{started}/{inode}"


def _is_earlier_boot(one: str, here: str) -> bool:
    """Say whether both are one host, outside containers or in the same one, at different boots."""
    then, now = one.rsplit("/", 2), here.rsplit("/", 2)
    return len(then) == len(now) == 3 and then[::2] == now[::2] and then[1] != now[1]


def is_dead(name: str) -> bool:
    """Say whether the process that ``name`` stands for is known to be gone.

    One of another machine is not, nor is a name that is no :class:`ProcessId`.
    """
    try:
        return ProcessId.parse(name).is_alive() is False
    except ValueError:
        return False
