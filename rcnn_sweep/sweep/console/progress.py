"""Progress while a sweep runs: a table in place on a terminal, else a line a trial."""

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from optuna.trial import FrozenTrial, TrialState
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from rcnn_sweep.names import TrialAttr
from rcnn_sweep.sweep.findings import TrialSnapshot, best_of, counts
from rcnn_sweep.sweep.planning import Plan
from rcnn_sweep.sweep.study import Queue, Slots, snapshot_of

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


def remaining(ended: Sequence[FrozenTrial], since: datetime, to_come: int) -> timedelta | None:
    """Estimate the time that the trials to come will take, from the pace of those that ended."""
    if not ended or ended[-1].datetime_complete is None:
        return None
    pace = (ended[-1].datetime_complete - since) / len(ended)
    return timedelta(seconds=round(pace.total_seconds() * to_come))


class Progress:
    """Shows a study while its block runs."""

    def __init__(self, queue: Queue, plan: Plan, began: datetime) -> None:
        self.queue, self.plan, self.began = replace(queue, slots=Slots()), plan, began
        self.console = Console(highlight=False, soft_wrap=True)
        self.before = self.shown = len(self.queue.look().ended)
        self._snapshots: dict[int, TrialSnapshot] = {}
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
        slots = self.queue.look()
        if self._live is not None:
            self._live.update(self.table(slots))
            return
        for trial in slots.ended[self.shown :]:
            self.console.print(line_of(trial, self.plan.options.metrics), markup=False)
        self.shown = len(slots.ended)

    def table(self, slots: Slots) -> Group:
        """Give the table and the best trial so far, for a terminal."""
        for trial in slots.ended[len(self._snapshots) :]:
            self._snapshots[trial.number] = snapshot_of(trial)
        running = [snapshot_of(trial) for trial in slots.open.values()]
        by_number = sorted([*self._snapshots.values(), *running], key=lambda t: t.number)
        found = counts(by_number, slots.untried())
        to_come = found.get("waiting", 0) + found.get("running", 0)
        left = remaining(slots.ended[self.before :], self.began, to_come)
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
        best = Text(f"best: {self._best(slots, by_number)}") if self.plan.is_search else Text()
        return Group(table, best)

    def _best(self, slots: Slots, trials: Sequence[TrialSnapshot]) -> str:
        best = best_of(trials, self.plan.options.directions)
        if not best:
            return "none yet"
        first = line_of(slots.trials[best[0].number], self.plan.options.metrics)
        return first if len(best) == 1 else f"{len(best)} on the Pareto front, e.g. {first}"
