"""Two studies, or several runs, beside each other: what differs, and whether that may be said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rcnn_sweep.report.confusion import Confusion
from rcnn_sweep.report.curves import Line, learning_curves
from rcnn_sweep.report.facts import RunFacts, StudyFacts
from rcnn_sweep.report.page import page
from rcnn_sweep.report.summary import gain_of, pruning_of, states
from rcnn_sweep.report.tables import Cell, Row, number, param, row, text
from rcnn_sweep.report.words import NONE, date, duration, joined, metric, plain, share, signed
from rcnn_sweep.report.yardstick import recorded_reference

SPLIT = (
    *("name", "validation", "validation_fraction", "train_limit", "test_limit"),
    *("test_fraction", "split_column", "text_column", "label_column", "sha256"),
)
"""Data settings that decide which texts a score is measured on."""
KINDS = ("c1", "c0", "c2", "c3", "c4", "c5", "c6")


@dataclass(frozen=True)
class Side:
    """One of the things compared: a letter, its name, and what is to be said of it."""

    letter: str
    name: str
    note: str
    kind: str


def differences(sides: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Give a row for each key whose values differ; a missing one is a dash."""
    keys = dict.fromkeys(key for side in sides for key in side)
    rows = []
    for key in keys:
        values = [side.get(key, "") for side in sides]
        if len({plain(value) for value in values}) > 1:
            rows.append(row([text(key), *map(param, values)]))
    return rows


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Give nested settings under dotted names."""
    found: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def split_caution(sides: Sequence[Mapping[str, Any]]) -> str:
    """Say which data settings differ, so that the scores are not comparable; else nothing."""
    different = [key for key in SPLIT if len({plain(side.get(key, NONE)) for side in sides}) > 1]
    if not different:
        return ""
    named = joined([{"sha256": "the data's checksum"}.get(key, f"data.{key}") for key in different])
    return (
        f"Not comparable: {named} differ{'s' if len(different) == 1 else ''}, so the scores are "
        "measured on different texts. A difference between them says nothing about the networks."
    )


def studies_page(one: StudyFacts, two: StudyFacts) -> str:
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
        "measure_head": ("", "A", "B", "B over A"),
        "tables": [
            _table(
                "Base configuration", "Config keys whose values differ", [_config(f) for f in both]
            ),
            _table("Search space", "Parameters searched differently", [_space(f) for f in both]),
            _table(
                "Best points", "Parameters of the best trials that differ", [_best(f) for f in both]
            ),
        ],
        "head": ("", "A", "B"),
        **_drawn(lines),
        "matrices": [
            m for f, side in zip(both, sides, strict=True) for m in _study_matrix(f, side)
        ],
    }
    return page("comparison.html", f"{one.study.name} and {two.study.name}: comparison", values)


def _table(title: str, caption: str, sides: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"title": title, "caption": caption, "rows": differences(sides)}


def _told(facts: StudyFacts) -> str:
    starts = [t.started for t in facts.study.trials if t.started is not None]
    return f"started {date(min(starts))}" if starts else "not started"


def _config(facts: StudyFacts) -> dict[str, Any]:
    config = facts.study.record.get("config", {})
    return {
        **flat(config if isinstance(config, Mapping) else {}),
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
    open_ones = [f.study.name for f in both if {"running", "waiting"} & states(f.study).keys()]
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
            rows += [_measure(f"best {name}", best), _measure(f"baseline {name}", base)]
            rows.append(_measure("gain over the baseline", [gain_of(f.study) for f in both]))
    known = [f.parent and recorded_reference(f.parent, "validation") for f in both]
    if any(known):
        rows.append(_measure("reference val_accuracy", [k.accuracy if k else None for k in known]))
    counts = [states(facts.study) for facts in both]
    for state in dict.fromkeys([*counts[0], *counts[1]]):
        rows.append(_plain(f"trials {state}", [str(c.get(state, 0)) for c in counts]))
    rows.append(_plain("saved by pruning", [share(pruning_of(f.study).saved) for f in both]))
    spent = [sum(t.seconds or 0 for t in f.study.trials if t.duplicate_of is None) for f in both]
    rows.append(_plain("computing", [duration(seconds) for seconds in spent]))
    return rows


def _measure(name: str, values: Sequence[float | None]) -> Row:
    first = values[0]
    gaps = [None if v is None or first is None else v - first for v in values[1:]]
    cells = [number(value, metric(value)) for value in values]
    return row([text(name), *cells, *(number(g, NONE if g is None else signed(g)) for g in gaps)])


def _plain(name: str, values: Sequence[str]) -> Row:
    return row([text(name), *map(Cell, values), Cell("")])


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


def _study_matrix(facts: StudyFacts, side: Side) -> list[dict[str, Any]]:
    detail = facts.details.get(facts.best.number) if facts.best else None
    if detail is None or detail.confusion is None or facts.best is None:
        return []
    note = f"{side.letter}, best trial {facts.best.number}"
    return [_matrix(detail.confusion, facts.study.name, note)]


def _matrix(confusion: Confusion, title: str, note: str) -> dict[str, Any]:
    return {"confusion": confusion, "title": title, "note": f"{note}, {confusion.total:,} texts"}


def _drawn(lines: Sequence[Line]) -> dict[str, Any]:
    drawing = learning_curves(lines)
    return {"curves": drawing and {"drawing": drawing, "lines": lines}}


def runs_page(runs: Sequence[RunFacts]) -> str:
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
        "measure_head": ("", *letters, *(f"{letter} over A" for letter in letters[1:])),
        "tables": [
            _table("Parameters", "Parameters whose values differ", [f.run.params for f in runs])
        ],
        "head": ("", *letters),
        **_drawn(lines),
        "matrices": [
            _matrix(facts.confusion, f"{side.letter}: {side.name}", facts.run.status.lower())
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
            "sha256": facts.run.tags.get("rcnn_sweep.data_sha256", NONE),
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
    return [_measure(name, [f.run.metrics.get(name) for f in runs]) for name in sorted(names)]
