"""A study as a few lines of Markdown: the description of its run in MLflow's page."""

from collections.abc import Iterator

from rcnn_sweep.format import NONE, metric, plain
from rcnn_sweep.names import Artifact
from rcnn_sweep.report.facts import StudyFacts
from rcnn_sweep.report.sections import head_of, summary_of
from rcnn_sweep.sweep import TrialSnapshot

SHOWN = 3
"""The best trials that are told beside the baseline."""


def study_note(facts: StudyFacts) -> str:
    """Give verdict, a small table and the way to the report as Markdown.

    The table has the baseline and the best trials, each with what is searched; a value's own
    Markdown is escaped.
    """
    progress, *verdict = summary_of(facts).sentences
    lines = [f"**{escaped(' '.join(verdict[:1]) or progress)}**", ""]
    lines += [escaped(sentence) for sentence in verdict[1:]]
    return "\n".join(
        [*lines, "", *_table(facts), "", escaped(progress), "", *_place(facts)]
    ).strip()


def _table(facts: StudyFacts) -> Iterator[str]:
    study = facts.study
    best = [trial for trial in facts.ranked[:SHOWN] if trial != study.baseline]
    rows = [("baseline", study.baseline), *(("", trial) for trial in best)]
    shown = [(role, trial) for role, trial in rows if trial is not None]
    if not shown:
        return
    keys = list(dict.fromkeys(key for _, trial in shown for key in trial.params))
    yield _row("trial", *study.metrics, *keys)
    yield "|" + " --- |" * (1 + len(study.metrics) + len(keys))
    for role, trial in shown:
        values = [*map(metric, trial.values), *(_value(trial, key) for key in keys)]
        yield _row(f"#{trial.number} {role}".strip(), *values)


def _value(trial: TrialSnapshot, key: str) -> str:
    return plain(trial.params[key]) if key in trial.params else NONE


def _row(*cells: str) -> str:
    return f"| {' | '.join(map(escaped, cells))} |"


def _place(facts: StudyFacts) -> Iterator[str]:
    """Link the report among the run's artifacts, which this run's page shows."""
    parent, named = facts.parent, head_of(facts).subtitle
    if parent is not None:
        page = f"#/experiments/{parent.experiment_id}/runs/{parent.run_id}/artifacts"
        path = f"{Artifact.SWEEP}/report.html"
        yield f"{escaped(named)} \u00b7 [{path}]({page}/{path}?workflowType=machine_learning)"


def escaped(text: str) -> str:
    """Give ``text`` so that Markdown shows it as it is, in a line.

    >>> escaped("conv.filters|<b>")
    'conv.filters\\\\|&lt;b>'
    """
    line = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{sign}" if sign in "\\`*_[]|#~" else sign for sign in line)
