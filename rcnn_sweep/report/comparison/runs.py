"""The page that compares single runs."""

from collections.abc import Sequence

from rcnn_sweep.drawing import Line, learning_curves
from rcnn_sweep.format import NONE, date, joined
from rcnn_sweep.names import Tag
from rcnn_sweep.report.comparison.sides import (
    KINDS,
    SPLIT,
    Side,
    difference_table,
    matrix,
    measure,
    split_caution,
)
from rcnn_sweep.report.page import page
from rcnn_sweep.report.runs import RunFacts
from rcnn_sweep.report.tables import Row


def runs_html(runs: Sequence[RunFacts]) -> str:
    """Give the page that compares single runs; A is the one the others are set against."""
    letters = [chr(ord("A") + place) for place in range(len(runs))]
    sides = [
        Side(letter, facts.run.name, f"{facts.run.run_id}, {date(facts.run.started)}", kind)
        for letter, facts, kind in zip(letters, runs, _kinds(len(runs)), strict=True)
    ]
    lines = [
        Line(f"{side.letter}, {side.name}", side.letter, side.kind, facts.curves)
        for side, facts in zip(sides, runs, strict=True)
        if facts.curves
    ]
    values = {
        "kicker": "Comparison of runs",
        "heading": f"{len(runs)} runs",
        "sides": sides,
        "cautions": _run_cautions(runs),
        "measures": _run_measures(runs),
        "measure_head": ("", *letters, *(f"{letter} \N{MINUS SIGN} A" for letter in letters[1:])),
        "tables": [
            difference_table(
                "Parameters", "Parameters whose values differ", [f.run.params for f in runs]
            )
        ],
        "head": ("", *letters),
        "curves": learning_curves(lines),
        "lines": lines,
        "confusions": [
            matrix(facts.confusion, f"{side.letter}: {side.name}", facts.run.status.lower())
            for side, facts in zip(sides, runs, strict=True)
            if facts.confusion is not None
        ],
    }
    return page("comparison.html", "Comparison of runs", values)


def _kinds(count: int) -> list[str]:
    return [KINDS[place % len(KINDS)] for place in range(count)]


def _run_cautions(runs: Sequence[RunFacts]) -> list[str]:
    data = [
        {
            **{key: facts.run.params.get(f"data.{key}", NONE) for key in SPLIT},
            "sha256": facts.run.tags.get(Tag.DATA_SHA256, NONE),
        }
        for facts in runs
    ]
    found = [split_caution(data)]
    unfinished = [f.run.name for f in runs if f.run.status != "FINISHED"]
    if unfinished:
        found.append(f"Not complete: {joined(unfinished)}. Their numbers are the last recorded.")
    return [caution for caution in found if caution]


def _run_measures(runs: Sequence[RunFacts]) -> list[Row]:
    names = dict.fromkeys(name for facts in runs for name in facts.run.metrics)
    return [measure(name, [f.run.metrics.get(name) for f in runs]) for name in sorted(names)]
