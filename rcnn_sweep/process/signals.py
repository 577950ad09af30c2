"""Ctrl-C, SIGTERM and a scheduler's warning, noted at any time, raised only where it does no harm.

An exception raised in the midst of a database call can leave its cursor, and so a lock, behind;
one raised while Python runs a finalizer is dropped. So signals are noted, and raised inside the
task's own code or where a sweep's engine asks.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rcnn_sweep.errors import Preempted, Terminated

_NAMED = f"SIG{os.environ.get('SUBMITIT_PREEMPT_SIGNAL', 'USR2')}"
WARNING = getattr(signal, _NAMED, signal.SIGUSR2)
"""What submitit has a scheduler send ahead of a time limit or a preemption."""

_EXCEPTIONS: dict[int, type[BaseException]] = {
    signal.SIGINT: KeyboardInterrupt,
    signal.SIGTERM: Terminated,
    WARNING: Preempted,
}
REASONS = {
    KeyboardInterrupt: "stopped by Ctrl-C",
    Terminated: "stopped by SIGTERM",
    Preempted: "stopped by the scheduler, at its time limit or for another job",
}
_pending: list[type[BaseException]] = []
_state = {"interruptible": False}


def wait(seconds: float) -> None:
    """Sleep, but not much longer than until a signal arrives."""
    deadline = time.monotonic() + seconds
    while not _arrived() and time.monotonic() < deadline:
        time.sleep(0.05)


def raise_pending() -> None:
    """Raise what the first signal asked for, if one has arrived."""
    if arrived := _arrived():
        raise arrived[0](REASONS[arrived[0]])


def pending() -> BaseException | None:
    """Give what the first signal asked for, if one has arrived.

    Code in between, such as an import in a compiled library, may have turned it into an error of
    its own: with a signal pending, such an error is an interruption.
    """
    return next((asked(asked.__name__) for asked in _arrived()), None)


def _arrived() -> list[type[BaseException]]:
    """Give what signals asked for. Python hands them to the main thread, and so do we.

    A sweep in another thread, as in a notebook, must not end by the Ctrl-C of an earlier one.
    """
    return _pending if threading.current_thread() is threading.main_thread() else []


@contextmanager
def _set(interruptible: bool) -> Iterator[None]:
    earlier = _state["interruptible"]
    _state["interruptible"] = interruptible
    try:
        yield
    finally:
        _state["interruptible"] = earlier


@contextmanager
def interruptible() -> Iterator[None]:
    """Let a signal raise wherever the block is: the task's own code."""
    with _set(True):
        raise_pending()
        yield


@contextmanager
def held() -> Iterator[None]:
    """Keep signals out of the block, such as a write to a database, and raise them after it.

    Blocks may be nested; the outermost raises. It does so again after a first raise, for a
    finalizer may have swallowed that: what cleans up must be one block.
    """
    with _set(False):
        yield
    if _state["interruptible"]:
        raise_pending()


@contextmanager
def noted() -> Iterator[None]:
    """Note signals while the block runs; a second one raises at once, wherever the program is.

    What was noted is forgotten with the block: nothing after it, such as a wait for a busy store in
    the next command of a notebook, ends by it. Outside the main thread, where no handler can be
    set, do nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def note(signum: int, frame: FrameType | None) -> None:
        _pending.append(_EXCEPTIONS[signum])
        if _state["interruptible"] or len(_pending) > 1:
            raise_pending()

    _pending.clear()
    earlier = {signum: signal.signal(signum, note) for signum in _EXCEPTIONS}
    try:
        yield
    finally:
        for signum, handler in earlier.items():
            signal.signal(signum, handler)
        _pending.clear()
