"""No silence: what takes its time is named while it runs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

SILENCE = 1.0
"""Seconds after which a phase is named; what is over by then, or refused, needs no name."""


@contextmanager
def phase(name: str) -> Iterator[None]:
    """Print what the block does, where it takes longer than :data:`SILENCE`."""
    timer = threading.Timer(SILENCE, print, [f"{name} ..."], {"flush": True})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
