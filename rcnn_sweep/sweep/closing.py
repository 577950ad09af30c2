"""The end of a command: whatever it was, the study's record tells it and is closed."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from rcnn_sweep.errors import Terminated
from rcnn_sweep.sweep.console import print_summary
from rcnn_sweep.sweep.failure import SweepFailed
from rcnn_sweep.sweep.hooks import StudyHooks, StudyInfo
from rcnn_sweep.sweep.plan import Plan
from rcnn_sweep.sweep.results import SweepSummary, summarise, write_results
from rcnn_sweep.sweep.study import Queue

NO_RESULT = "no trial came to a result"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Closing:
    """Closes the record of one command on a study."""

    plan: Plan
    queue: Queue
    hooks: StudyHooks
    info: StudyInfo
    parent: Mapping[str, object]

    def after(self, drive: Callable[[], None]) -> SweepSummary:
        """Drive, then close; raises what ``drive`` raised.

        Raises :class:`SweepFailed` where no trial came to a result or the record could not be
        closed.
        """
        start = time.monotonic()
        state, reason = "complete", ""
        try:
            drive()
        except (KeyboardInterrupt, Terminated) as stop:
            state, reason = "interrupted", type(stop).__name__
            raise
        except Exception as error:
            state, reason = "failed", str(error)
            raise
        finally:
            summary = self._close(state, reason, time.monotonic() - start)
        if summary.state == "failed":
            raise SweepFailed(summary.reason)
        return summary

    def _close(self, state: str, reason: str, seconds: float) -> SweepSummary:
        summary = self._summary(state, reason, seconds)
        try:
            write_results(summary, self.plan, self.queue)
        except Exception as error:
            log.warning("the results could not be written to %s: %s", summary.results, error)
        closing: list[str] = []
        try:
            closing = self.hooks.close_study(self.info, self.parent, summary)
        except Exception as error:
            log.error("the study's record could not be closed: %s", error)
            summary = _failed(summary, f"the study's record could not be closed: {error}")
        print_summary(summary, self.info, closing)
        return summary

    def _summary(self, state: str, reason: str, seconds: float) -> SweepSummary:
        """Summarise; where the storage cannot be read, say so and leave the trials out."""
        try:
            trials, unread = self.queue.trials(), NO_RESULT
        except Exception as error:
            trials, unread = [], str(error)
        summary = summarise(self.plan, trials, state=state, reason=reason, wall_seconds=seconds)
        return summary if summary.best else _failed(summary, unread)


def _failed(summary: SweepSummary, reason: str) -> SweepSummary:
    """Give the summary of a sweep that seemed complete as failed; another end stays as it is."""
    if summary.state != "complete":
        return summary
    return replace(summary, state="failed", reason=reason)
