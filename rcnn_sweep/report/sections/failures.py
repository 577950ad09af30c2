"""Trials that ended without a result."""

from dataclasses import dataclass

from rcnn_sweep.report.facts import StudyFacts
from rcnn_sweep.report.tables import Row, row, text


@dataclass(frozen=True)
class Failures:
    """A row for each such trial; none is good news, which the section says."""

    head: tuple[str, ...]
    rows: tuple[Row, ...]
    caption: str


def failures_of(facts: StudyFacts) -> Failures:
    """Give the section; every study has one."""
    trials = facts.study.trials
    again = {t.retry_of: t.number for t in trials if t.retry_of is not None}
    rows = [
        row(
            [
                text(t.number),
                text(t.state, "words state"),
                text(t.reason, "words long"),
                text(again.get(t.number, "")),
            ],
            "failed" if t.state == "failed" else "",
            str(t.number),
        )
        for t in trials
        if t.state in ("failed", "interrupted", "withdrawn")
    ]
    return Failures(
        ("trial", "state", "reason", "tried again as"),
        tuple(rows),
        "Trials that ended without a result, and why",
    )
