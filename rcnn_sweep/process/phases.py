"""No silence: what takes its time is named while it runs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

SILENCE = 1.0
"""Seconds after which a phase is named; what is over by then, or refused, needs no name."""


@contextmanager
def phase(name: str) -> Iterator[None]:
    """Print what the block does, where it takes longer than :data:`SILENCE`."""
    timer = threading.Timer(SILENCE, _say, [name])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _say(name: str) -> None:
    with suppress(BrokenPipeError):  # the reader has seen enough: | head
        print(f"{name} ...", flush=True)
