"""How submitit learns that a Slurm job is over. Imports submitit."""

import os
import threading
from collections.abc import Collection

from submitit.slurm.slurm import SlurmInfoWatcher

POLL = 10
"""Seconds between two questions to Slurm, about all jobs of this process at once."""

OVER = (
    *("BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY"),
    *("PREEMPTED", "REVOKED", "TIMEOUT"),
)
"""States that a job does not leave; one that is to start once more is in another."""


class QueueWatcher(SlurmInfoWatcher):
    """Asks ``squeue`` for the user's jobs; one that it listed and does not any more is over.

    While Slurm does not answer, jobs stand as they stood. One that it never lists, as on another
    cluster, is over once it has left its result.
    """

    def __init__(self) -> None:
        super().__init__(delay_s=POLL)
        self._lock = threading.RLock()  # it asks itself again
        self._submitted: dict[str, threading.Thread] = {}

    def register_job(self, job_id: str) -> None:
        """Watch a job, from the thread that has submitted it."""
        self._submitted.setdefault(job_id, threading.current_thread())
        super().register_job(job_id)

    def submitted_by(self, threads: Collection[threading.Thread]) -> list[str]:
        """Give all jobs that those threads have submitted."""
        return [job for job, thread in list(self._submitted.items()) if thread in threads]

    def update_if_long_enough(self, mode: str) -> None:
        """Ask once for all the threads that wait for a job each."""
        with self._lock:
            super().update_if_long_enough(mode)

    def _make_command(self) -> list[str] | None:
        if not self._registered - self._finished:
            return None
        mine = f"--user={os.getuid()}"
        return ["squeue", "--noheader", "--states=all", "--format=%i|%T", mine]

    def read_info(self, string: bytes | str) -> dict[str, dict[str, str]]:
        """Read what ``squeue`` said, in the words that submitit knows."""
        text = string if isinstance(string, str) else string.decode()
        listed = dict(line.strip().split("|", 1) for line in text.splitlines() if "|" in line)
        known = [job for job in self._registered if job in listed or job in self._info_dict]
        return {job: {"State": _known(listed.get(job, "COMPLETED"))} for job in known}


def _known(state: str) -> str:
    """Give a state that submitit takes for the end of a job, or for none, as it is one."""
    if state == "PREEMPTED":
        return "CANCELLED"
    return state if state in OVER or state == "PENDING" else "RUNNING"
