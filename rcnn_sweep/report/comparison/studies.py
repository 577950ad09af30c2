"""The page that compares two studies."""

from collections.abc import Mapping, Sequence
from typing import Any

from rcnn_sweep.drawing import Line, learning_curves
from rcnn_sweep.format import date, duration, joined, share
from rcnn_sweep.overrides import flattened
from rcnn_sweep.report.comparison.sides import (
    KINDS,
    Side,
    difference_table,
    matrix,
    measure,
    plain_measure,
    split_caution,
)
from rcnn_sweep.report.confusion import Matrix
from rcnn_sweep.report.facts import StudyFacts
from rcnn_sweep.report.page import page
from rcnn_sweep.report.reference import recorded_references
from rcnn_sweep.report.tables import Row
from rcnn_sweep.sweep import counts, gain, pruning


def studies_html(one: StudyFacts, two: StudyFacts) -> str:
    """Give the page that compares two studies."""
    both = (one, two)
    sides = [Side(letter, f.study.name, _told(f), "") for letter, f in zip("AB", both, strict=True)]
    lines = _study_lines(both)
    values = {
        "kicker": "Comparison of two sweeps",
        "heading": f"{one.study.name} and {two.study.name}",
        "sides": sides,
        "cautions": _study_cautions(both),
        "measures": _measures(both),
        "measure_head": ("", "A", "B", "B \N{MINUS SIGN} A"),
        "tables": [
            difference_table(
                "Base configuration", "Config keys whose values differ", [_config(f) for f in both]
            ),
            difference_table(
                "Search space", "Parameters searched differently", [_space(f) for f in both]
            ),
            difference_table(
                "Best points", "Parameters of the best trials that differ", [_best(f) for f in both]
            ),
        ],
        "head": ("", "A", "B"),
        "curves": learning_curves(lines),
        "lines": lines,
        "confusions": [
            m for f, side in zip(both, sides, strict=True) for m in _study_matrix(f, side)
        ],
    }
    return page("comparison.html", f"{one.study.name} and {two.study.name}: comparison", values)


def _told(facts: StudyFacts) -> str:
    starts = [t.started for t in facts.study.trials if t.started is not None]
    return f"started {date(min(starts))}" if starts else "not started"


def _config(facts: StudyFacts) -> dict[str, Any]:
    config = facts.study.record.get("config", {})
    return {
        **flattened(config if isinstance(config, Mapping) else {}),
        "seed": facts.study.record.get("seed"),
    }


def _space(facts: StudyFacts) -> Mapping[str, Any]:
    space: Mapping[str, Any] = facts.study.record.get("space", {})
    return space


def _best(facts: StudyFacts) -> Mapping[str, Any]:
    return facts.best.params if facts.best else {}


def _study_cautions(both: Sequence[StudyFacts]) -> list[str]:
    found = [split_caution([facts.data for facts in both])]
    one, two = (facts.study for facts in both)
    if (one.metrics, one.directions) != (two.metrics, two.directions):
        found.append(
            f"The studies have different objectives: {joined(list(one.metrics))}, and "
            f"{joined(list(two.metrics))}."
        )
    still = {"running", "waiting"}
    open_ones = [
        f.study.name for f in both if still & counts(f.study.trials, f.study.waiting).keys()
    ]
    if open_ones:
        found.append(f"Still under way: {joined(open_ones)}. The numbers are those of the moment.")
    return [caution for caution in found if caution]


def _measures(both: Sequence[StudyFacts]) -> list[Row]:
    one, two = (facts.study for facts in both)
    rows = []
    for place, name in enumerate(one.metrics):
        if len(one.metrics) == 1 and two.metrics == one.metrics:
            best = [f.best.values[place] if f.best else None for f in both]
            base = [f.study.baseline.values[place] if f.study.baseline else None for f in both]
            rows += [measure(f"best {name}", best), measure(f"baseline {name}", base)]
            rows.append(measure("gain over the baseline", [gain(f.study) for f in both]))
    known = [
        f.parent and recorded_references(f.parent, "validation", judged_by=f.judged_by)
        for f in both
    ]
    if any(known):
        reached = [found.bar.accuracy if found else None for found in known]
        rows.append(measure("reference val_accuracy", reached))
    stands = [counts(facts.study.trials, facts.study.waiting) for facts in both]
    for state in dict.fromkeys([*stands[0], *stands[1]]):
        rows.append(plain_measure(f"trials {state}", [str(c.get(state, 0)) for c in stands]))
    saved = [share(pruning(facts.study.trials).saved) for facts in both]
    rows.append(plain_measure("saved by pruning", saved))
    spent = [sum(t.seconds or 0 for t in f.study.trials if t.duplicate_of is None) for f in both]
    rows.append(plain_measure("computing", [duration(seconds) for seconds in spent]))
    return rows


def _study_lines(both: Sequence[StudyFacts]) -> list[Line]:
    lines = []
    kinds = iter(KINDS)
    for letter, facts in zip("AB", both, strict=True):
        for role, trial in (("best", facts.best), ("baseline", facts.study.baseline)):
            if trial is None or (role == "baseline" and trial == facts.best):
                continue
            detail = facts.details.get(trial.number)
            own = {facts.study.metrics[0]: list(trial.steps.items())} if trial.steps else {}
            name = f"{letter}, {role}, trial {trial.number}"
            curves = detail.curves if detail else own
            lines.append(Line(name, f"{letter}{trial.number}", next(kinds), curves))
    return [line for line in lines if line.curves]


def _study_matrix(facts: StudyFacts, side: Side) -> list[Matrix]:
    detail = facts.details.get(facts.best.number) if facts.best else None
    if detail is None or detail.confusion is None or facts.best is None:
        return []
    note = f"{side.letter}, best trial {facts.best.number}"
    return [matrix(detail.confusion, facts.study.name, note)]
