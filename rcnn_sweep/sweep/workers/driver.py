"""The driver: keeps workers at a study until its budget is spent."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from rcnn_sweep.errors import UserError
from rcnn_sweep.process import signals
from rcnn_sweep.sweep.failure import SweepFailed
from rcnn_sweep.sweep.study import Queue, Reaper, Slots, failures_in_a_row, shared_mistake
from rcnn_sweep.sweep.workers.pool import GRACE, WorkerPool
from rcnn_sweep.sweep.workers.worker import WorkerJob

TICK, LONGEST = 0.5, 2.0
"""Seconds between two looks at the study: the first, but where looks are dear up to the second."""

SHARE = 0.03
"""Of a core: what looking takes at most, within :data:`LONGEST`."""

BARREN = 3
"""Workers that may die in a row without any trial coming to an end."""

FRUITLESS = 3
"""Launches of all workers that may be over, however they ended, with nothing but interruptions."""

log = logging.getLogger(__name__)


@dataclass
class Driver:
    """Drives one study to its end, from this process or through a pool.

    ``near_end`` is called once, when each worker has two trials to go at most.
    """

    queue: Queue
    reaper: Reaper
    job: WorkerJob
    pool: WorkerPool | None
    size: int
    near_end: Callable[[], None]
    was_near_end: bool = False
    results: int = 0
    barren: int = 0
    gone: int = 0
    seen_failure: str | None = None

    @property
    def began(self) -> datetime:
        """Give the start of this driver's run."""
        return self.job.spec.began

    def drive(self) -> str:
        """Return when every slot is settled, or at a limit when no trial runs any more.

        Gives the limit that stopped the sweep, empty where its slots were spent. Raises
        :class:`SweepFailed`, or :class:`UserError` for a mistake that every trial would meet.
        Whatever ends the drive early first calls the workers off.
        """
        with signals.noted():
            try:
                if self.pool is None:
                    self._drain_here()
                else:
                    self._supervise(self.pool)
            except BaseException:
                self.call_off()
                raise
        slots = self.queue.look()
        self._judge(slots)
        spent = slots.is_over(self.job.spec.retries)
        return "" if spent else self.job.spec.limit_reached(slots) or ""

    def _is_over(self, slots: Slots) -> bool:
        """Say whether there is nothing left to do, or a limit reached and nothing at work."""
        if slots.is_over(self.job.spec.retries):
            return True
        is_limited = self.job.spec.limit_reached(slots) is not None
        return is_limited and not slots.at_work(self.job.spec.session)

    def _drain_here(self) -> None:
        while not self._is_over(self.queue.look()):
            self.job.drain()
            signals.raise_pending()
            self._judge(self.queue.look())

    def _supervise(self, pool: WorkerPool) -> None:
        used = time.thread_time()
        while True:
            slots = self.queue.look()
            if self.reaper.reap(slots):
                slots = self.queue.look()
            self._judge(slots)
            if self._is_over(slots):
                self._dismiss(pool)
                return
            wanted = self.job.spec.wanted(slots, self.size)
            if not self.was_near_end and (wanted < self.size or self._is_near_end(slots)):
                self.was_near_end = True
                with _attempted("what the end will need could not be begun"):
                    self.near_end()
            pool.scale_to(wanted)
            self._check_progress(pool, slots)
            before, used = used, time.thread_time()
            signals.wait(min(max(TICK, (used - before) / SHARE), LONGEST))
            signals.raise_pending()

    def _is_near_end(self, slots: Slots) -> bool:
        """Say whether no worker will take more than two trials."""
        return slots.to_try(self.job.spec.retries) < 2 * self.size

    def _dismiss(self, pool: WorkerPool) -> None:
        """Let the workers end, which find nothing left to do.

        One that a cluster has yet to start must not work for this command once it is over, nor
        stay in the cluster's queue.
        """
        deadline = time.monotonic() + GRACE
        while pool.alive() and time.monotonic() < deadline:
            signals.wait(TICK)
            signals.raise_pending()
        if pool.alive():
            self.queue.stop(self.job.spec.session)
        pool.kill()

    def _judge(self, slots: Slots) -> None:
        """End the sweep over a mistake that all trials share, or over failures in a row."""
        if (mistake := shared_mistake(slots, self.began)) is not None:
            raise UserError(mistake)
        failed = failures_in_a_row(slots, self.began)
        limit = self.job.spec.options.max_failures
        if failed >= limit:
            raise SweepFailed(f"{failed} trials failed in a row (hydra.sweeper.max_failures)")

    def _check_progress(self, pool: WorkerPool, slots: Slots) -> None:
        """Give up when workers come and go without ever bringing a trial to its end."""
        gone, last_failure = pool.started - pool.alive(), pool.last_failure()
        if slots.results > self.results:
            self.results, self.barren, self.gone = slots.results, 0, gone
        elif last_failure != self.seen_failure:
            self.barren += 1
        self.seen_failure = last_failure
        if self.barren >= BARREN:
            raise SweepFailed(f"workers die before they end a trial: {last_failure}")
        if gone - self.gone >= FRUITLESS * self.size:
            raise SweepFailed(
                f"{gone - self.gone} workers in a row were stopped before they ended a trial; does "
                "one take longer than a cluster allows them (hydra.launcher.timeout_min)?"
            )

    def call_off(self) -> None:
        """Have the workers record their interrupted trials and stop; a second signal kills.

        Trials of workers that do not answer in time are marked interrupted for them.
        """
        try:
            with _attempted("the workers could not be told to stop"):
                self.queue.stop(self.job.spec.session)
            if self.pool is not None:
                self.pool.stop()
        except BaseException:
            if self.pool is not None:
                self.pool.kill()
            raise
        with _attempted("trials that still ran could not be marked interrupted"):
            self.reaper.interrupt(self.job.spec.session)


@contextmanager
def _attempted(failure: str) -> Iterator[None]:
    """Go on after an error in the block: a worse one, or the user's wish, is on its way."""
    try:
        yield
    except Exception as error:
        log.warning("%s: %s", failure, error)
