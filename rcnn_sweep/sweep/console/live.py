"""The tables of a sweep under way: what runs, what ended last, what is best, what is to come."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from rcnn_sweep.sweep.findings import TrialSnapshot, best_of, counts
from rcnn_sweep.sweep.space import Params
from rcnn_sweep.sweep.study import Slots, snapshot_of

LAST = 5
"""How many of the trials that ended are shown."""


@dataclass
class LiveTable:
    """Renders looks at one study; ``before`` trials had ended when the command ``began``.
    A trial is ``expected`` to add that much to the sweep's time, until the first has ended.

    ``baseline`` is the composed config's point: of each trial what differs from it is shown.
    """

    study_name: str
    metrics: tuple[str, ...]
    directions: tuple[str, ...]
    baseline: Params | None
    is_search: bool
    began: datetime
    before: int
    expected: timedelta | None = None
    _ended: list[TrialSnapshot] = field(default_factory=list)

    def rendered(self, slots: Slots, now: datetime) -> Group:
        """Give the tables for a terminal."""
        self._ended += map(snapshot_of, slots.ended[len(self._ended) :])
        running = [snapshot_of(trial) for trial in slots.open.values()]
        by_number = sorted([*self._ended, *running], key=lambda trial: trial.number)
        return Group(*self._parts(by_number, running, slots.untried(), now))

    def _parts(
        self,
        trials: Sequence[TrialSnapshot],
        running: Sequence[TrialSnapshot],
        untried: int,
        now: datetime,
    ) -> Iterator[RenderableType]:
        yield Text(self._head(trials, len(running) + untried, untried, now))
        if running:
            yield self._running(trials, running, now)
        if self._ended:
            yield self._last()
        if self.is_search:
            yield Text(f"best: {self._best(trials)}")

    def _head(
        self, trials: Sequence[TrialSnapshot], to_come: int, untried: int, now: datetime
    ) -> str:
        found = counts(trials, untried)
        counted = ", ".join(f"{count} {state}" for state, count in found.items())
        elapsed = timedelta(seconds=round((now - self.began).total_seconds()))
        left = remaining(self._ended[self.before :], now - self.began, to_come)
        if left is None and self.expected is not None:
            left = rounded(max(timedelta(), self.expected * to_come - (now - self.began)))
        rest = ""
        if to_come:
            rest = ", time to come unknown yet" if left is None else f", about {left} to come"
        return f"{self.study_name}: {counted}; {elapsed} so far{rest}"

    def _running(
        self, trials: Sequence[TrialSnapshot], running: Sequence[TrialSnapshot], now: datetime
    ) -> Table:
        table = _table("running", "worker", "what differs", "step", self.metrics[0], "place", "s")
        for trial in running:
            step = max(trial.steps, default=None)
            place = "" if step is None else placed(trial, step, trials, self.directions[0])
            age = None if trial.started is None else (now - trial.started).total_seconds()
            table.add_row(
                str(trial.number),
                _process(trial.worker),
                self._changes(trial.params),
                "" if step is None else str(step),
                "" if step is None else f"{trial.steps[step]:.5g}",
                place,
                "" if age is None else f"{age:.0f}",
            )
        return table

    def _last(self) -> Table:
        table = _table("ended", "state", "what differs", *self.metrics, "s")
        for trial in reversed(self._ended[-LAST:]):
            values = [f"{value:.5g}" for value in trial.values] or [""] * len(self.metrics)
            state = trial.state if trial.duplicate_of is None else f"as {trial.duplicate_of}"
            values += [""] * (len(self.metrics) - len(values))
            seconds = "" if trial.seconds is None else f"{trial.seconds:.1f}"
            told = trial.reason or self._changes(trial.params)
            table.add_row(str(trial.number), state, told, *values, seconds)
        return table

    def _changes(self, params: Mapping[str, object]) -> str:
        baseline = self.baseline or {}
        changed = [f"{k}={_short(v)}" for k, v in params.items() if baseline.get(k) != v]
        return " ".join(changed) or ("the baseline" if params else "")

    def _best(self, trials: Sequence[TrialSnapshot]) -> str:
        best = best_of(trials, self.directions)
        if not best:
            return "none yet"
        front = "" if len(best) == 1 else f"{len(best)} on the Pareto front, e.g. "
        values = zip(self.metrics, best[0].values, strict=True)
        told = " ".join(f"{metric}={value:.5g}" for metric, value in values)
        return f"{front}trial {best[0].number} {told} {self._changes(best[0].params)}"


def remaining(ended: Sequence[TrialSnapshot], elapsed: timedelta, to_come: int) -> timedelta | None:
    """Estimate the time that the trials to come will take, from the pace of those that ended."""
    if not ended:
        return None
    return rounded(elapsed / len(ended) * to_come)


def rounded(time: timedelta) -> timedelta:
    """Give a time in whole seconds."""
    return timedelta(seconds=round(time.total_seconds()))


def placed(trial: TrialSnapshot, step: int, trials: Sequence[TrialSnapshot], direction: str) -> str:
    """Give the trial's place at ``step`` among all that came so far, such as ``2 of 7``."""
    values = [other.steps[step] for other in trials if step in other.steps]
    own, sign = trial.steps[step], 1 if direction == "maximize" else -1
    better = sum(sign * value > sign * own for value in values)
    return f"{better + 1} of {len(values)}"


def _table(*columns: str) -> Table:
    table = Table(expand=False)
    for column in columns:
        is_text = column == "what differs"
        table.add_column(column, justify="left" if is_text else "right", no_wrap=not is_text)
    return table


def _process(worker: str | None) -> str:
    """Name a worker's process as people do: host and process id."""
    machine, _, rest = (worker or "").partition(":")
    return f"{machine.partition('/')[0]} {rest.partition(':')[0]}".strip()


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
