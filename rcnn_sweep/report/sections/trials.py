"""All trials of a study as one table."""

from dataclasses import dataclass

from rcnn_sweep.format import NONE, duration, metric
from rcnn_sweep.metrics import Place, names, shown
from rcnn_sweep.report.facts import StudyFacts
from rcnn_sweep.report.tables import Cell, Row, number, param, row
from rcnn_sweep.sweep import TrialSnapshot


@dataclass(frozen=True)
class Trials:
    """The table: names of its columns, rows, caption."""

    head: tuple[str, ...]
    rows: tuple[Row, ...]
    caption: str


def trials_of(facts: StudyFacts) -> Trials:
    """Give the section, a row a trial in the order of their numbers."""
    study = facts.study
    keys = list(dict.fromkeys(key for trial in study.trials for key in trial.params))
    known = {name for run in facts.runs.values() for name in run.metrics}
    beside = names(reversed(shown(Place.TRIALS)))
    extra = [name for name in beside if name in known and name not in study.metrics]
    rows = [_row(facts, trial, keys, extra) for trial in facts.excerpt.trials]
    head = ("trial", "state", *study.metrics, *extra, "epochs", "time", *keys)
    caption = "A click on a column's name sorts by it; one on a trial marks it in every plot."
    caption = f"{caption} {facts.left_out}".strip()
    return Trials(head, tuple(rows), caption)


def _row(facts: StudyFacts, trial: TrialSnapshot, keys: list[str], extra: list[str]) -> Row:
    study, run = facts.study, facts.runs.get(trial.number)
    values = [*trial.values, *[None] * (len(study.metrics) - len(trial.values))]
    others = [None if run is None else run.metrics.get(name) for name in extra]
    word = "repeat" if trial.duplicate_of is not None else trial.state
    cells = [
        number(trial.number, str(trial.number), facts.page_of(run)),
        Cell(word, word, "words state"),
        *(number(value, metric(value)) for value in [*values, *others]),
        number(len(trial.steps), str(len(trial.steps)) if trial.steps else NONE),
        number(trial.seconds, duration(trial.seconds)),
        *(param(trial.params.get(key, "")) for key in keys),
    ]
    return row(cells, _kind(facts, trial), str(trial.number))


def _kind(facts: StudyFacts, trial: TrialSnapshot) -> str:
    if trial in facts.study.best:
        return "best"
    if trial == facts.study.baseline:
        return "baseline"
    return trial.state if trial.state in ("pruned", "failed") else ""
