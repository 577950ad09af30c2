"""Whether those who work on trials are still alive."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from rcnn_sweep.process import ProcessId

BEAT = 10.0
"""Seconds between two heartbeats of a running trial."""

STALE = 3.5 * BEAT
"""Seconds without a new heartbeat after which a worker of another machine counts as dead."""

log = logging.getLogger(__name__)


@dataclass
class Observer:
    """Judges workers: those of this machine by their process, others by their heartbeats.

    Only changes of a heartbeat are timed, with this machine's clock; clocks need not agree.
    """

    seen: dict[int, tuple[object, float]] = field(default_factory=dict)

    def is_dead(self, number: int, worker: str, heartbeat: object) -> bool:
        """Judge the worker of trial ``number`` by the last heartbeat in the storage."""
        is_alive = ProcessId.parse(worker).is_alive()
        return self._is_silent(number, heartbeat) if is_alive is None else not is_alive

    def _is_silent(self, number: int, heartbeat: object) -> bool:
        now = time.monotonic()
        last, since = self.seen.get(number, (None, now))
        if number not in self.seen or last != heartbeat:
            self.seen[number] = (heartbeat, now)
            return False
        return now - since > STALE


class Heart:
    """A thread that calls ``beat`` every :data:`BEAT` seconds while its block runs.

    A beat that fails is one beat missed: it must neither end the trial nor hold up its end.
    """

    def __init__(self, beat: Callable[[float], None]) -> None:
        self._beat = beat
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="heartbeat")

    def _run(self) -> None:
        while not self._stopped.wait(BEAT):
            try:
                self._beat(time.time())
            except Exception as error:
                log.debug("no heartbeat: %s", error)

    def __enter__(self) -> "Heart":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(1.0)
