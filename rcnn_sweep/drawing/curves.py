"""Learning curves of one or several runs in one picture: a panel a metric, a line a run."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from rcnn_sweep.drawing.canvas import Drawing
from rcnn_sweep.drawing.frame import Frame
from rcnn_sweep.drawing.scales import Scale, scale_of
from rcnn_sweep.format import metric
from rcnn_sweep.metrics import Place, names, shown

WIDTH, ROW = 720.0, 264.0
LABELS_APART = 13.0
"""The least distance of two labels at the ends of lines: the height of their letters."""

Curve: TypeAlias = Sequence[tuple[int, float]]
"""Epochs (from 1) and what was measured after them."""


@dataclass(frozen=True)
class Line:
    """What is drawn in one colour: its curves by panel.

    ``kind`` is the colour, ``c0`` (the baseline's) to ``c6``; ``label`` stands at the line's end;
    ``name`` is what a pointer or a screen reader is told; ``key`` as in
    :mod:`~rcnn_sweep.drawing.shapes`.
    """

    name: str
    label: str
    kind: str
    curves: Mapping[str, Curve]
    key: str = ""


def learning_curves(lines: Sequence[Line], panels: Sequence[str] | None = None) -> Drawing | None:
    """Draw all lines, two panels a row, in the order of ``panels``; None without a curve.

    ``panels`` None: the metrics that are shown as curves, validation before training.

    Panels without a curve are left out. Where no line has any of them, as in another app, the
    first metric that there is fills one panel.
    """
    lines = [_finite(line) for line in lines]
    known = dict.fromkeys(name for line in lines for name, curve in line.curves.items() if curve)
    order = names(reversed(shown(Place.CURVES))) if panels is None else panels
    drawn = [name for name in order if name in known] or list(known)[:1]
    if not drawn:
        return None
    drawing = Drawing(
        *(WIDTH, ROW * -(-len(drawn) // 2)),
        title="Learning curves",
        description="; ".join(_told(line, drawn) for line in lines),
    )
    width, room = WIDTH / min(len(drawn), 2), _room(lines)
    for place, name in enumerate(drawn):
        left, top = 62 + width * (place % 2), ROW * (place // 2)
        across = (left, left + width - 62 - room)
        _panel(drawing, lines, name, across, (top + ROW - 46, top + 30))
    return drawing


def _room(lines: Sequence[Line]) -> float:
    """Give the width to be left for labels at the lines' ends."""
    return max([33.0, *(15 + 6.0 * len(line.label) for line in lines)])


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
    kinds = {line.label: line.kind for line, _ in drawn}
    for label, place in apart(ends, LABELS_APART, upward[0] - 5).items():
        if place != ends[label]:
            drawing.line(
                last[label] + 3, ends[label], last[label] + 13, place, f"lead {kinds[label]}"
            )
        drawing.text(last[label] + 15, place + 4, label, "mark halo")
    for line, curve in reversed(drawn):
        places = [(x(step), frame.y(value)) for step, value in curve]
        tip = f"{line.name}: {', '.join(metric(value) for _, value in curve)}"
        drawing.path(places, f"curve {line.kind}", tip=tip, key=line.key)
        for at in places:
            drawing.circle(*at, 2.6, f"dot {line.kind}", tip=tip, key=line.key)


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
