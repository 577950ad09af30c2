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
import traceback
from queue import SimpleQueue

GRACE = 20.0
"""Seconds a worker has to record its interrupted trial once its driver is gone."""

LENGTH = 8
"""Bytes before a message that tell how long it is."""


def framed(data: bytes) -> bytes:
    """Put the length in front."""
    return len(data).to_bytes(LENGTH, "big") + data


def main() -> int:
    """Run the worker job that the driver sends; gives the exit code.

    First come the driver's import path and the name of the application's hooks, which import what
    its trials need; the job may come much later, or never.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    atexit.register(gc.freeze)  # its driver waits: without this TensorFlow takes a second to leave
    frames: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_attend, args=[frames], daemon=True).start()
    if not (told := frames.get()):
        return 0
    sys.path[:], hooks = pickle.loads(told)  # noqa: S301  the driver is our own parent process
    _preload(hooks)
    if not (packed := frames.get()):
        return 0
    import cloudpickle  # type: ignore[import-untyped]

    job, singletons = cloudpickle.loads(packed)

    from hydra.core.singleton import Singleton
    from hydra.core.utils import setup_globals

    setup_globals()
    Singleton.set_state(singletons)
    job(job.master)
    return 0


def _attend(frames: SimpleQueue[bytes]) -> None:
    """Take the two messages, then wait for the driver's end; an empty one says that it came first.

    Not through ``sys.stdin``, whose lock would be held when the interpreter ends.
    """
    for _ in range(2):
        if not (message := _read(0)):
            frames.put(b"")
            return
        frames.put(message)
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _read(descriptor: int) -> bytes:
    """Read a message; empty where the other side has closed before its end."""
    return _exactly(descriptor, int.from_bytes(_exactly(descriptor, LENGTH), "big"))


def _exactly(descriptor: int, count: int) -> bytes:
    content = bytearray()
    while len(content) < count:
        if not (part := os.read(descriptor, count - len(content))):
            return b""
        content += part
    return bytes(content)


def _preload(hooks: str | None) -> None:
    from rcnn_sweep.sweep.hooks import hooks_class
    from rcnn_sweep.sweep.workers import worker  # noqa: F401  (Optuna and its storage)

    try:
        hooks_class(hooks).preload()
    except Exception:  # a trial that needs it meets it again, and tells its study
        traceback.print_exc()


if __name__ == "__main__":
    sys.exit(main())
