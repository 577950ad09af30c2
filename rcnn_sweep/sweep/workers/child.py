"""A worker process of this machine, fed on standard input by its driver.

The pipe stays open as long as the driver lives. When it closes, the worker interrupts its trial,
so that a killed driver leaves nothing running behind: after a while it ends its process group,
which it leads, and thereby itself.
"""

import atexit
import gc
import os
import pickle
import signal
import sys
import threading
import time
from io import BufferedIOBase
from typing import Any

GRACE = 20.0
"""Seconds a worker has to record its interrupted trial once its driver is gone."""


def framed(data: bytes) -> bytes:
    """Put the length in front."""
    return len(data).to_bytes(8, "big") + data


def _read(stream: BufferedIOBase) -> bytes:
    return stream.read(int.from_bytes(stream.read(8), "big"))


def _end_with_driver() -> None:
    os.read(0, 1)  # not through sys.stdin, whose lock would be held when the interpreter ends
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _job(stream: BufferedIOBase) -> tuple[Any, Any]:
    """Read the driver's import path, then what needs it. The driver is our own parent process."""
    sys.path[:] = pickle.loads(_read(stream))  # noqa: S301
    import cloudpickle  # type: ignore[import-untyped]

    job, singletons = cloudpickle.loads(_read(stream))
    return job, singletons


def main() -> int:
    """Run the worker job that the driver sent; gives the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    atexit.register(gc.freeze)  # its driver waits: without this TensorFlow takes a second to leave
    stream: Any = sys.stdin.buffer
    job, singletons = _job(stream)
    threading.Thread(target=_end_with_driver, daemon=True).start()

    from hydra.core.singleton import Singleton
    from hydra.core.utils import setup_globals

    setup_globals()
    Singleton.set_state(singletons)
    job(job.master)
    return 0


if __name__ == "__main__":
    sys.exit(main())
