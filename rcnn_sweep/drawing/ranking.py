"""ROC and precision-recall curves: how well texts of a class are told from the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rcnn_sweep.drawing.canvas import Drawing
from rcnn_sweep.drawing.frame import Frame
from rcnn_sweep.drawing.scales import Scale
from rcnn_sweep.drawing.shapes import Point
from rcnn_sweep.format import metric

WIDTH, BELOW, LINE = 420.0, 384.0, 16.0
"""The width, the height of the plot with its axes, and that of a name above it."""


@dataclass(frozen=True)
class RankingCurves:
    """Both curves of a network or a class; ``kind`` is its colour, ``c0`` to ``c6``.

    ``roc`` are (false positive rate, true positive rate), ``precision_recall`` (recall, precision),
    from 0 on. ``share`` is that of the positives, the precision of chance.
    """

    name: str
    kind: str
    share: float
    roc_auc: float
    average_precision: float
    roc: Sequence[Point]
    precision_recall: Sequence[Point]


def roc_diagram(drawn: Sequence[RankingCurves]) -> Drawing:
    """Draw true over false positive rate; chance is the diagonal."""
    frame = _frame("ROC curve", drawn, lambda own: f"AUC {metric(own.roc_auc)}")
    frame.axes("false positive rate", "true positive rate")
    frame.drawing.line(frame.x(0), frame.y(0), frame.x(1), frame.y(1), "zero")
    for own in reversed(drawn):
        places = [(frame.x(x), frame.y(y)) for x, y in own.roc]
        frame.drawing.path(places, f"curve {own.kind}", tip=own.name)
    return frame.drawing


def precision_recall_diagram(drawn: Sequence[RankingCurves]) -> Drawing:
    """Draw precision over recall, in steps, whose area is the average precision.

    Chance has the share of the positives: a line, in the colour of its curve where others differ.
    """
    frame = _frame(
        "Precision-recall curve", drawn, lambda own: f"AP {metric(own.average_precision)}"
    )
    frame.axes("recall", "precision")
    shares = [own.share for own in drawn]
    for own in {own.share: own for own in drawn}.values():
        is_shared = len(drawn) == 1 or shares.count(own.share) > 1
        at = frame.y(own.share)
        kind = "zero" if is_shared else f"zero {own.kind}"
        frame.drawing.line(frame.x(0), at, frame.x(1), at, kind)
    for own in reversed(drawn):
        places = [(frame.x(x), frame.y(y)) for x, y in _steps(own.precision_recall)]
        frame.drawing.path(places, f"curve {own.kind}", tip=own.name)
    return frame.drawing


def _frame(
    title: str, drawn: Sequence[RankingCurves], told: Callable[[RankingCurves], str]
) -> Frame:
    """Start a drawing: the names with what is ``told`` of each, below them a frame from 0 to 1."""
    top = LINE * len(drawn)
    names = [f"{own.name}: {told(own)}" for own in drawn]
    drawing = Drawing(WIDTH, top + BELOW, title=title, description="; ".join(names))
    for place, (own, name) in enumerate(zip(drawn, names, strict=True)):
        drawing.circle(62, 14 + LINE * place, 4, f"dot {own.kind}")
        drawing.text(72, 18 + LINE * place, name, "mark")
    x = Scale(0.0, 1.0, 58, WIDTH - 20)
    return Frame(drawing, x, Scale(0.0, 1.0, top + BELOW - 52, top + 34))


def _steps(points: Sequence[Point]) -> list[Point]:
    """Go up or down first, then to the right: a precision holds from the recall before it on."""
    places = list(points[:1])
    for (x, _), (right, y) in pairwise(points):
        places += [(x, y), (right, y)]
    return places
