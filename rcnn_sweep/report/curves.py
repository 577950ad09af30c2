"""Learning curves of several runs in one picture: accuracy, loss; validation, training."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from rcnn_sweep.drawing import Drawing, Scale, scale_of
from rcnn_sweep.format import metric
from rcnn_sweep.metrics import Place, names, shown
from rcnn_sweep.report.facts import Curve, StudyFacts
from rcnn_sweep.report.frame import Frame

WIDTH, ROW = 720.0, 264.0


@dataclass(frozen=True)
class Line:
    """One run in the picture: ``kind`` is the CSS class of its colour, ``label`` ends the line."""

    name: str
    label: str
    kind: str
    curves: Mapping[str, Curve]


def trial_lines(facts: StudyFacts) -> list[Line]:
    """Give the lines of the best trials and of the baseline.

    A trial without a run (of another app) has the values that it reported to the study.
    """
    study, lines = facts.study, []
    others = iter(range(2, 9))
    for trial in facts.shown:
        detail = facts.details.get(trial.number)
        own = {study.metrics[0]: list(trial.steps.items())} if trial.steps else {}
        is_best, is_baseline = trial in study.best[:1], trial == study.baseline
        role = ", best" * is_best + ", baseline" * is_baseline
        kind = "c1" if is_best else "c0" if is_baseline else f"c{next(others)}"
        curves = detail.curves if detail else own
        lines.append(Line(f"trial {trial.number}{role}", str(trial.number), kind, curves))
    return [line for line in lines if line.curves]


def learning_curves(lines: Sequence[Line]) -> Markup | None:
    """Draw accuracy and loss of all lines, on the validation split above, on training below.

    Other metrics than these (of another app) fill one panel. None without a curve.
    """
    lines = [_finite(line) for line in lines]
    known = dict.fromkeys(name for line in lines for name, curve in line.curves.items() if curve)
    order = names(reversed(shown(Place.CURVES)))
    panels = [name for name in order if name in known] or list(known)[:1]
    if not panels:
        return None
    rows = -(-len(panels) // 2)
    drawing = Drawing(
        *(WIDTH, ROW * rows),
        title="Learning curves",
        description="; ".join(_told(line, panels) for line in lines),
    )
    width = WIDTH / min(len(panels), 2)
    for place, name in enumerate(panels):
        left, top = 62 + width * (place % 2), ROW * (place // 2)
        _panel(drawing, lines, name, (left, left + width - 88), (top + ROW - 46, top + 30))
    return drawing.markup()


def _finite(line: Line) -> Line:
    """Leave out what a diverged run reported: it has no place on a scale."""
    kept = {
        name: [(step, value) for step, value in curve if math.isfinite(value)]
        for name, curve in line.curves.items()
    }
    return replace(line, curves=kept)


def _told(line: Line, panels: Sequence[str]) -> str:
    ends = [f"{n} {metric(line.curves[n][-1][1])}" for n in panels if line.curves.get(n)]
    return f"{line.name} ends at {', '.join(ends)}"


def _panel(
    drawing: Drawing,
    lines: Sequence[Line],
    name: str,
    across: tuple[float, float],
    upward: tuple[float, float],
) -> None:
    drawn = [(line, line.curves[name]) for line in lines if line.curves.get(name)]
    points = [point for _, curve in drawn for point in curve]
    steps = [step for step, _ in points]
    x = Scale(min(steps), max(steps), *across, is_whole=True)
    frame = Frame(drawing, x, scale_of([value for _, value in points], *upward, pad=0.06))
    frame.axes("epoch", name, x_marks=min(max(steps), 8))
    ends = {line.label: frame.y(curve[-1][1]) for line, curve in drawn}
    last = {line.label: x(curve[-1][0]) for line, curve in drawn}
    for label, place in apart(ends, 11.0, upward[0] - 5).items():
        drawing.text(last[label] + 8, place + 4, label, "mark halo")
    for line, curve in reversed(drawn):
        places = [(x(step), frame.y(value)) for step, value in curve]
        tip = f"{line.name}: {', '.join(metric(value) for _, value in curve)}"
        drawing.path(places, f"curve {line.kind}", tip=tip)
        for at in places:
            drawing.circle(*at, 2.6, f"dot {line.kind}", tip=tip)


def apart(places: Mapping[str, float], least: float, lowest: float) -> dict[str, float]:
    """Move labels until each is ``least`` below the one before it and none is below ``lowest``.

    Places grow downwards, as in the drawing.

    >>> apart({"a": 10.0, "b": 12.0}, 5, 100)
    {'a': 10.0, 'b': 15.0}
    >>> apart({"a": 10.0, "b": 12.0}, 5, 12)
    {'a': 7.0, 'b': 12.0}
    """
    order = sorted(places, key=places.__getitem__)
    moved: list[float] = []
    for label in order:
        moved.append(max(places[label], moved[-1] + least) if moved else places[label])
    for place in reversed(range(len(moved))):
        below = moved[place + 1] - least if place + 1 < len(moved) else lowest
        moved[place] = min(moved[place], below)
    return dict(zip(order, moved, strict=True))
