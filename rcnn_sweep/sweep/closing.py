"""The end of a command: whatever it was, the study's record tells it and is closed."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from rcnn_sweep.errors import Terminated, UserError
from rcnn_sweep.sweep.console import print_summary
from rcnn_sweep.sweep.failure import SweepFailed
from rcnn_sweep.sweep.findings import (
    SweepSummary,
    best_of,
    confirmed,
    counts_and_repeats,
    pruning,
    trial_at,
)
from rcnn_sweep.sweep.hooks import StudyHooks, StudyInfo
from rcnn_sweep.sweep.planning import Plan
from rcnn_sweep.sweep.results import draws_plots, write_results
from rcnn_sweep.sweep.samplers import gives_every_point
from rcnn_sweep.sweep.space import command_of
from rcnn_sweep.sweep.study import Queue, Slots

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

    def after(self, drive: Callable[[], str]) -> SweepSummary:
        """Drive, then close; raises what ``drive`` raised. It gives the limit that stopped it.

        Raises :class:`SweepFailed` where no trial came to a result, a file could not be written
        or the record could not be closed.
        """
        start = time.monotonic()
        state, reason = "complete", ""
        try:
            reason = drive()
        except (KeyboardInterrupt, Terminated) as stop:
            state, reason = "interrupted", type(stop).__name__
            raise
        except Exception as error:
            state, reason = "failed", str(error)
            if (of_file := _of_file(error)) is not None:  # a full disk is no fault of the program's
                reason = str(of_file)
                raise SweepFailed(reason) from error
            raise
        except SystemExit as error:
            state, reason = "failed", repr(error)
            raise
        finally:
            summary = self._close(state, reason, time.monotonic() - start)
        if summary.state == "failed":
            raise SweepFailed(summary.reason)
        return summary

    def _close(self, state: str, reason: str, seconds: float) -> SweepSummary:
        summary = self._summary(state, reason, seconds)
        plots = " and drawing the plots" if draws_plots(summary, self.plan) else ""
        print(f"the trials are over: writing the results{plots}", flush=True)
        try:
            write_results(summary, self.plan, self.queue, self.hooks)
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
            slots, unread = self.queue.look(), NO_RESULT
        except Exception as error:
            slots, unread = Slots(), str(error)
        summary = summarise(self.plan, slots, state=state, reason=reason, wall_seconds=seconds)
        return summary if summary.best else _failed(summary, unread)


def _of_file(error: Exception) -> OSError | None:
    """Give the error of a file that ``error`` is, or that logging made it of, if it is one."""
    if isinstance(error, UserError | SweepFailed):
        return None
    found = error if isinstance(error, OSError) else error.__cause__
    return found if isinstance(found, OSError) else None


def summarise(
    plan: Plan,
    slots: Slots,
    *,
    state: str,
    reason: str,
    wall_seconds: float,
) -> SweepSummary:
    """Compute the summary from the plan and the study's slots as of one look."""
    trials = slots.snapshots()
    own = [t for t in trials if t.duplicate_of is None]
    best = best_of(trials, plan.options.directions)
    return SweepSummary(
        study_name=plan.study_name,
        state=state,
        reason=reason,
        directory=plan.directory,
        directions=plan.options.directions,
        metrics=plan.options.metrics,
        best=tuple(best),
        baseline=trial_at(trials, plan.baseline),
        counts=counts_and_repeats(trials, slots.untried()),
        rejected=sum(t.rejected for t in trials),
        left_out=_left_out(plan, slots),
        duplicates=len(trials) - len(own),
        pruning=pruning(trials),
        busy_seconds=sum(t.seconds for t in own if t.seconds is not None),
        wall_seconds=wall_seconds,
        best_command=command_of(plan.typed, best[0].params) if best and plan.is_search else "",
        is_search=plan.is_search,
        standings=confirmed(trials, plan.options.directions),
    )


def _left_out(plan: Plan, slots: Slots) -> int:
    """Count the points of a grid that were found impossible, before it began or in their turn."""
    if not gives_every_point(plan.options.sampler):
        return 0
    return plan.infeasible.impossible if plan.infeasible.is_complete else len(slots.left_out)


def _failed(summary: SweepSummary, reason: str) -> SweepSummary:
    """Turn the summary of a sweep that seemed complete into a failure's; leave another end."""
    if summary.state != "complete":
        return summary
    return replace(summary, state="failed", reason=reason)
