"""Ctrl-C and SIGTERM, noted where an exception alone could get lost.

An exception that a signal raises while Python runs a finalizer is dropped by the interpreter. So
the signal is noted first, and whoever waits or reports asks :func:`raise_pending`.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rcnn_sweep.errors import Terminated

_EXCEPTIONS: dict[int, type[BaseException]] = {
    signal.SIGINT: KeyboardInterrupt,
    signal.SIGTERM: Terminated,
}
_pending: list[type[BaseException]] = []
_woken = threading.Event()
_holding = threading.Event()


def wait(seconds: float) -> None:
    """Sleep, but no longer than until a signal arrives."""
    _woken.wait(seconds)


def raise_pending() -> None:
    """Raise what the first signal asked for, if one has arrived."""
    if _pending:
        raise _pending[0](_pending[0].__name__)


@contextmanager
def held() -> Iterator[None]:
    """Let signals wait for the next :func:`raise_pending`, so that the block is done whole."""
    _holding.set()
    try:
        yield
    finally:
        _holding.clear()


@contextmanager
def noted(raise_at_once: bool) -> Iterator[None]:
    """Note signals while the block runs; outside the main thread do nothing.

    ``raise_at_once``: the first signal raises where the program is, as in a task that nobody
    else can stop; otherwise at the next :func:`raise_pending`. A second signal always raises.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def note(signum: int, frame: FrameType | None) -> None:
        is_second = bool(_pending)
        _pending.append(_EXCEPTIONS[signum])
        _woken.set()
        if (raise_at_once or is_second) and not _holding.is_set():
            raise_pending()

    earlier = {signum: signal.signal(signum, note) for signum in _EXCEPTIONS}
    _pending.clear()
    _woken.clear()
    try:
        yield
    finally:
        for signum, handler in earlier.items():
            signal.signal(signum, handler)
