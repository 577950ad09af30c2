"""Progress while a sweep runs: a table in place on a terminal, else a line a trial."""

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from optuna.trial import FrozenTrial, TrialState
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from rcnn_sweep.names import TrialAttr
from rcnn_sweep.sweep.findings import best_of, counts
from rcnn_sweep.sweep.planning import Plan
from rcnn_sweep.sweep.study import Queue, snapshot_of

PERIOD = 1.0
"""Seconds between two looks at the study."""

log = logging.getLogger(__name__)

COLUMNS = ("complete", "pruned", "failed", "running", "waiting")


def line_of(trial: FrozenTrial, metrics: Sequence[str]) -> str:
    """Give one line about a trial that has ended."""
    words = [f"trial {trial.number}", trial.state.name.lower()]
    if trial.values:
        words += [f"{n}={v:.5g}" for n, v in zip(metrics, trial.values, strict=False)]
    if TrialAttr.DUPLICATE_OF in trial.user_attrs:
        words.append(f"(as trial {trial.user_attrs[TrialAttr.DUPLICATE_OF]})")
    if trial.state is TrialState.FAIL:
        words.append(str(trial.user_attrs.get(TrialAttr.REASON, "")))
    words += [f"{key}={value}" for key, value in trial.params.items()]
    return " ".join(words)


def remaining(trials: Sequence[FrozenTrial], since: datetime, open_trials: int) -> timedelta | None:
    """Estimate the time left from the pace since this command's start."""
    ended = [t.datetime_complete for t in trials if t.datetime_complete is not None]
    recent = sorted(end for end in ended if end >= since)
    if not recent:
        return None
    pace = (recent[-1] - since) / len(recent)
    return timedelta(seconds=round(pace.total_seconds() * open_trials))


class Progress:
    """Shows a study while its block runs."""

    def __init__(self, queue: Queue, plan: Plan, began: datetime) -> None:
        self.queue, self.plan, self.began = queue, plan, began
        self.console = Console(highlight=False, soft_wrap=True)
        self.shown = {t.number for t in queue.trials() if t.state.is_finished()}
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
        while not self._stopped.wait(PERIOD):
            self._show()

    def _show(self) -> None:
        """Show the study as it stands; a display that fails must not end a sweep."""
        try:
            self._update()
        except Exception as error:
            log.debug("no progress shown: %s", error)

    def _update(self) -> None:
        trials = self.queue.trials()
        if self._live is not None:
            self._live.update(self.table(trials))
            return
        for trial in trials:
            if trial.state.is_finished() and trial.number not in self.shown:
                self.shown.add(trial.number)
                self.console.print(line_of(trial, self.plan.options.metrics), markup=False)

    def table(self, trials: Sequence[FrozenTrial]) -> Group:
        """Give the table and the best trial so far, for a terminal."""
        found = counts(map(snapshot_of, trials))
        open_trials = found.get("waiting", 0) + found.get("running", 0)
        left = remaining(trials, self.began, open_trials)
        table = Table(title=self.plan.study_name, title_justify="left", expand=False)
        cells: list[Any] = []
        for column in COLUMNS:
            table.add_column(column, justify="right")
            cells.append(str(found.get(column, 0)))
        for column in ("elapsed", "left"):
            table.add_column(column)
        elapsed = timedelta(seconds=round((datetime.now() - self.began).total_seconds()))
        cells += [str(elapsed), "?" if left is None else str(left)]
        table.add_row(*cells)
        best = Text(f"best: {self._best(trials)}") if self.plan.is_search else Text()
        return Group(table, best)

    def _best(self, trials: Sequence[FrozenTrial]) -> str:
        best = best_of(map(snapshot_of, trials), self.plan.options.directions)
        if not best:
            return "none yet"
        first = line_of(trials[best[0].number], self.plan.options.metrics)
        return first if len(best) == 1 else f"{len(best)} on the Pareto front, e.g. {first}"
