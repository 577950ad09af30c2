"""Try again while what is in the way may pass: a lock, a lost connection, a restart."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from rcnn_sweep.process import signals

Result = TypeVar("Result")


def retry(
    call: Callable[[], Result],
    *,
    passing: Callable[[Exception], bool],
    pauses: Iterable[float],
    seconds: float,
    on_wait: Callable[[Exception], None] = lambda error: None,
) -> Result:
    """Give what ``call`` returns, repeating it while ``passing`` says that its error may pass.

    ``pauses`` are the seconds between attempts, ``seconds`` all that may be waited; ``on_wait`` is
    told of each error that is waited out. Raises the last error, as it was, when it is of another
    kind or time is up. Ctrl-C and SIGTERM end a pause in the main thread, never an attempt where
    the caller holds them back (:func:`rcnn_sweep.process.signals.held`).
    """
    deadline = time.monotonic() + seconds
    for pause in pauses:
        try:
            return call()
        except Exception as error:
            if not passing(error) or time.monotonic() + pause > deadline:
                raise
            on_wait(error)
        wait(pause)
    return call()


def wait(seconds: float) -> None:
    """Sleep; in the main thread a signal that was noted ends the sleep and is raised."""
    if threading.current_thread() is not threading.main_thread():
        time.sleep(seconds)
        return
    signals.wait(seconds)
    signals.raise_pending()


def once(say: Callable[[Exception], None]) -> Callable[[Exception], None]:
    """Give an ``on_wait`` for :func:`retry` that tells ``say`` of the first error only."""
    told: list[Exception] = []

    def listen(error: Exception) -> None:
        if not told:
            say(error)
        told.append(error)

    return listen
