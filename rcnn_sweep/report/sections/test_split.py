"""What a refit of the study found on the test split."""

import math
from dataclasses import dataclass

from rcnn_sweep.drawing import Drawing
from rcnn_sweep.evidence import (
    Comparison,
    Evidence,
    Judged,
    about_looks,
    draw_intervals,
    percent,
    trained_for,
)
from rcnn_sweep.format import NONE, bounds, capital, counted, metric, plain, signed
from rcnn_sweep.process import command
from rcnn_sweep.report.facts import StudyFacts
from rcnn_sweep.report.refit import Refit
from rcnn_sweep.report.tables import Cell, Row, number, row, text


@dataclass(frozen=True)
class OnTest:
    """The evidence of a refit, or the command that makes it."""

    sentences: tuple[str, ...]
    drawing: Drawing | None = None
    drawing_caption: str = ""
    head: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    caption: str = ""
    measured_head: tuple[str, ...] = ()
    measured_rows: tuple[Row, ...] = ()
    measured_caption: str = ""
    note: str = ""
    command: str = ""


def test_of(facts: StudyFacts) -> OnTest:
    """Give the section; every study has one."""
    if facts.refit is not None:
        return _refitted(facts.refit)
    if facts.best is None:
        return OnTest(
            (
                "A sweep does not read the test split, and without a complete trial "
                "there is nothing to be compared on it.",
            )
        )
    other = "trial that came next" if facts.best == facts.study.baseline else "best trial"
    return OnTest(
        sentences=(
            "Nothing here was measured on the test split: a sweep does not read it. The "
            "numbers above are from the validation split on which the best trial was chosen, "
            "so they flatter it.",
            f"To compare the baseline with the {other} on the test split, each retrained "
            "on all of train with several seeds:",
        ),
        command=command("refit", facts.study.name),
    )


def _refitted(refit: Refit) -> OnTest:
    evidence = refit.evidence
    judged_by, level = evidence.asked.judged_by, percent(evidence.level)
    has_numbers = any(one.differences for one in evidence.comparisons)
    return OnTest(
        sentences=(
            evidence.sentence,
            f"Each was retrained on all of train with {counted(len(evidence.asked.seeds), 'seed')} "
            f"and judged on {evidence.test_texts:,} test texts.",
            *filter(None, [trained_for(judged.arm for judged in evidence.arms)]),
            *(capital(one.sentence) for one in evidence.comparisons),
            *filter(None, [about_looks(evidence)]),
        ),
        note=evidence.rule,
        drawing=draw_intervals(evidence, judged_by) if has_numbers else None,
        drawing_caption=(
            f"Difference in test {judged_by} from the baseline: each small mark is a seed, the dot "
            "their mean, the bar the 95 % interval over seeds and texts. The thin line is that at "
            f"{level}, corrected for candidates and looks, by which is judged."
        ),
        head=(
            "",
            "validation",
            "test, mean",
            "spread",
            "difference",
            f"{level} interval",
            "verdict",
        ),
        rows=tuple(_arm_row(arm, evidence) for arm in evidence.arms),
        caption=f"Test {judged_by} over seeds. MLflow run of the refit: {refit.run_id}",
        measured_head=("network", "against", "difference", "interval", "verdict"),
        measured_rows=tuple(map(_measured_row, (*evidence.rivals, *evidence.measured))),
        measured_caption=(
            f"Networks against {'each other and ' * bool(evidence.rivals)}plain references in "
            f"test {judged_by}, text by text"
        ),
    )


def _measured_row(one: Comparison) -> Row:
    own = one.judged
    return row(
        [
            text(one.arm.name),
            text(one.against),
            number(own.mean, signed(own.mean)) if own else Cell(NONE),
            Cell(bounds(own.simultaneous) if own else NONE),
            text(one.verdict),
        ]
    )


def _arm_row(judged: Judged, evidence: Evidence) -> Row:
    against, name = evidence.comparison(judged), evidence.asked.judged_by
    difference = None if against is None else against.judged
    scores = judged.scores[name]
    mean, std = (None if math.isnan(value) else value for value in (scores.mean, scores.std))
    seen = judged.arm.validation.get(name)
    changes = ", ".join(f"{key}={plain(value)}" for key, value in judged.arm.changes.items())
    cells = [
        text(f"{judged.arm.name}{f' ({changes})' if changes else ''}", "words long"),
        number(seen, metric(seen)),
        number(mean, metric(mean)),
        number(std, metric(std)),
        number(difference.mean, signed(difference.mean)) if difference else Cell(NONE),
        Cell(bounds(difference.simultaneous) if difference else NONE),
        text(against.verdict if against else ""),
    ]
    return row(cells, "" if against else "baseline")
