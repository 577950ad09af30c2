"""How much memory there is for this process."""

from pathlib import Path

import psutil

CONTAINER = Path("/sys/fs/cgroup")
"""Where Linux tells the limits of the container that a process is in."""


def free_memory() -> int:
    """Give the bytes of memory that this process can still have, in a container of its share."""
    free = int(psutil.virtual_memory().available)
    try:
        limit, used = (int((CONTAINER / f"memory.{n}").read_text()) for n in ("max", "current"))
    except (OSError, ValueError):  # no container, or one without a limit
        return free
    return min(free, max(limit - used, 0))
