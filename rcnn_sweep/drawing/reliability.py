"""The reliability diagram: how often what is claimed with some confidence is right."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from rcnn_sweep.drawing.canvas import Drawing
from rcnn_sweep.drawing.frame import Frame
from rcnn_sweep.drawing.scales import Scale
from rcnn_sweep.format import metric

WIDTH, HEIGHT = 420.0, 400.0
LARGEST = 9.0
"""The radius of a dot that has all texts."""


@dataclass(frozen=True)
class Reliability:
    """One network: ``points`` are mean confidence, accuracy and the number of texts of each bin.

    ``kind`` is its colour, as of a :class:`rcnn_sweep.drawing.Line`.
    """

    name: str
    kind: str
    points: Sequence[tuple[float, float, int]]


def reliability_diagram(networks: Sequence[Reliability]) -> Drawing:
    """Draw accuracy over confidence; on the diagonal a network knows how sure it may be.

    The larger a dot, the more texts it has.
    """
    drawing = Drawing(
        *(WIDTH, HEIGHT),
        title="Reliability",
        description="; ".join(map(_told, networks)),
    )
    low = min([0.9, *(min(point[:2]) for own in networks for point in own.points)])
    low = max(0.0, int(10 * low) / 10)
    frame = Frame(
        drawing,
        Scale(low, 1.0, 58, WIDTH - 20),
        Scale(low, 1.0, HEIGHT - 52, 34 + 16 * len(networks)),
    )
    frame.axes("confidence in the predicted class", "how often it is the true one")
    drawing.line(frame.x(low), frame.y(low), frame.x(1.0), frame.y(1.0), "zero")
    for place, own in enumerate(networks):
        drawing.circle(62, 14 + 16 * place, 4, f"dot {own.kind}")
        drawing.text(72, 18 + 16 * place, own.name, "mark")
        total = sum(count for _, _, count in own.points)
        places = [(frame.x(x), frame.y(y)) for x, y, _ in own.points]
        drawing.path(places, f"curve {own.kind}")
        for at, (confidence, accuracy, count) in zip(places, own.points, strict=True):
            radius = max(2.0, LARGEST * sqrt(count / total))
            tip = (
                f"{own.name}: {count:,} texts, {metric(confidence)} sure, {metric(accuracy)} right"
            )
            drawing.circle(*at, radius, f"dot {own.kind}", tip=tip)
    return drawing


def _told(own: Reliability) -> str:
    points = ", ".join(f"{metric(x)} sure {metric(y)} right" for x, y, _ in own.points)
    return f"{own.name}: {points}"
