"""Name a process so that another one can tell later whether it still lives."""

import os
import platform

import psutil

# psutil gives creation times to the clock tick (1/100 s on Linux).
SAME_TIME_SECONDS = 0.05


def identity() -> str:
    """Name this process as ``host:pid:creation time``: a reused process id is another name."""
    return f"{platform.node()}:{os.getpid()}:{psutil.Process().create_time():.2f}"


def is_dead(name: str) -> bool:
    """Say whether the process of ``name`` is known to be gone.

    Processes of other hosts and names that are no identity are never known to be gone.
    """
    host, *rest = name.rsplit(":", 2)
    if host != platform.node() or len(rest) != 2:
        return False
    try:
        process = psutil.Process(int(rest[0]))
        alive = abs(process.create_time() - float(rest[1])) < SAME_TIME_SECONDS
        return not alive or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except (ValueError, psutil.AccessDenied):
        return False
