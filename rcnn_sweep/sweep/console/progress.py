"""Progress while a sweep runs: tables in place on a terminal, else a line a trial."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from optuna.trial import FrozenTrial, TrialState
from rich.console import Console
from rich.live import Live

from rcnn_sweep.names import TrialAttr
from rcnn_sweep.process import printable
from rcnn_sweep.sweep.console.live import LiveTable, rounded
from rcnn_sweep.sweep.findings import best_of
from rcnn_sweep.sweep.planning import Plan
from rcnn_sweep.sweep.study import Queue, Slots, snapshot_of

PERIOD = 1.0
"""Seconds between two looks at the study."""

log = logging.getLogger(__name__)


def line_of(trial: FrozenTrial, metrics: Sequence[str]) -> str:
    """Give one line about a trial that has ended."""
    words = [f"trial {trial.number}", trial.state.name.lower()]
    if trial.values:
        words += [f"{n}={v:.5g}" for n, v in zip(metrics, trial.values, strict=False)]
    if TrialAttr.CONFIRMS in trial.user_attrs:
        words.append(f"(trial {trial.user_attrs[TrialAttr.CONFIRMS]} again)")
    if TrialAttr.DUPLICATE_OF in trial.user_attrs:
        words.append(f"(as trial {trial.user_attrs[TrialAttr.DUPLICATE_OF]})")
    if trial.state is TrialState.FAIL:
        words.append(str(trial.user_attrs.get(TrialAttr.REASON, "")))
    words += [f"{key}={value}" for key, value in trial.params.items()]
    return " ".join(words)


class Progress:
    """Shows a study while its block runs.

    ``expected`` gives the seconds of a trial as runs before this study took them, if any did.
    With ``is_watched`` the block looks at ``queue`` all the time, and what it saw is shown.
    """

    def __init__(
        self,
        queue: Queue,
        plan: Plan,
        began: datetime,
        expected: Callable[[], float | None],
        *,
        is_watched: bool,
    ) -> None:
        self.queue, self.plan = replace(queue, slots=Slots()), plan
        self._watched = queue.slots if is_watched else None
        self.console = Console(highlight=False, soft_wrap=True)
        slots, options = self._looked(), plan.options
        self.shown = len(slots.ended)
        found = best_of(map(snapshot_of, slots.ended), options.directions)
        self.best = found[0].values[0] if found else None
        self.table = LiveTable(
            study_name=plan.study_name,
            metrics=options.metrics,
            directions=options.directions,
            baseline=plan.baseline,
            is_search=plan.is_search,
            began=began,
            before=self.shown,
        )
        self._expected = expected
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="progress")
        self._live: Live | None = None

    def __enter__(self) -> "Progress":
        if self.console.is_terminal:
            self._live = Live(console=self.console, refresh_per_second=2)
            self._live.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(2 * PERIOD)
        if not self._thread.is_alive():
            self._show()
        if self._live is not None:
            with suppress(Exception):
                self._live.stop()

    def _run(self) -> None:
        self._expect()
        while not self._stopped.wait(PERIOD):
            self._show()

    def _expect(self) -> None:
        """Say how long it will take, by what was recorded before; a table goes on saying it."""
        slots = self.queue.slots
        if slots.ended:
            return
        try:
            seconds = self._expected()
        except Exception as error:
            log.debug("no time is expected: %s", error)
            return
        if seconds is None:
            return
        self.table.expected = timedelta(seconds=seconds / self.plan.workers)
        if self._live is None:
            rest = rounded(self.table.expected * slots.untried())
            self.console.print(f"about {rest} to come, by runs recorded before", markup=False)

    def _show(self) -> None:
        """Show the study as it stands; a display that fails must not end a sweep."""
        try:
            self._update()
        except Exception as error:
            log.debug("no progress shown: %s", error)

    def _update(self) -> None:
        slots = self._looked()
        if self._live is not None:
            self._live.update(self.table.rendered(slots, datetime.now()))
            return
        for trial in slots.ended[self.shown :]:
            for line in self._lines(trial):
                self.console.print(printable(line), markup=False)
        self.shown = len(slots.ended)

    def _looked(self) -> Slots:
        if self._watched is None:
            return self.queue.look()
        self.queue.slots.update(*self._watched.seen)
        return self.queue.slots

    def _lines(self, trial: FrozenTrial) -> Iterator[str]:
        """Give a line about a trial that ended, and one more where it is the best so far."""
        options = self.plan.options
        yield line_of(trial, options.metrics)
        is_again = TrialAttr.CONFIRMS in trial.user_attrs
        if not self.plan.is_search or len(options.directions) > 1 or is_again:
            return
        if trial.state is TrialState.COMPLETE and self._is_better(float(trial.values[0])):
            self.best = float(trial.values[0])
            yield f"best so far: trial {trial.number} {options.metrics[0]}={self.best:.5g}"

    def _is_better(self, value: float) -> bool:
        sign = 1 if self.plan.options.directions[0] == "maximize" else -1
        return self.best is None or sign * value > sign * self.best
