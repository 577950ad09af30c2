"""How submitit learns that a Slurm job is over. Imports submitit."""

import os
import threading

from submitit.slurm.slurm import SlurmInfoWatcher

POLL = 10
"""Seconds between two questions to Slurm, about all jobs of this process at once."""

OVER = (
    *("BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY"),
    *("PREEMPTED", "REVOKED", "TIMEOUT"),
)
"""States that a job does not leave; one that is to start once more is in another."""


class QueueWatcher(SlurmInfoWatcher):
    """Asks ``squeue`` for the user's jobs; one that it does not list any more is over.

    While Slurm does not answer, jobs stand as they stood.
    """

    def __init__(self) -> None:
        super().__init__(delay_s=POLL)
        self._lock = threading.RLock()  # it asks itself again

    def unfinished(self) -> list[str]:
        """Ask now and give the jobs of this process that are not over."""
        self.update_if_long_enough("force")
        return sorted(self._registered - self._finished)

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
        waiting = self._registered - self._finished
        return {job: {"State": _known(listed.get(job, "COMPLETED"))} for job in waiting}


def _known(state: str) -> str:
    """Give a state that submitit takes for the end of a job, or for none, as it is one."""
    if state == "PREEMPTED":
        return "CANCELLED"
    return state if state in OVER or state == "PENDING" else "RUNNING"
