"""What a drawing is made of: plain values that each renderer turns into its own elements.

Places and lengths are in the drawing's units, ``y`` growing downwards. ``kind`` is one or more
names of :data:`rcnn_sweep.drawing.style.RULES`, separated by spaces; ``tip`` is what a shape says
when the pointer rests on it, where the renderer knows a pointer; shapes of one ``key``, in whatever
drawing of a page, stand for the same thing.
"""

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Point: TypeAlias = tuple[float, float]
Anchor: TypeAlias = Literal["start", "middle", "end"]


@dataclass(frozen=True)
class Segment:
    """A straight line."""

    start: Point
    end: Point
    kind: str


@dataclass(frozen=True)
class Path:
    """A line through ``points``, back to the first of them where it is closed."""

    points: tuple[Point, ...]
    kind: str
    tip: str = ""
    key: str = ""
    is_closed: bool = False


@dataclass(frozen=True)
class Circle:
    """A dot."""

    centre: Point
    radius: float
    kind: str
    tip: str = ""
    key: str = ""


@dataclass(frozen=True)
class Cross:
    """Two strokes over a point, each from ``radius`` before it to ``radius`` after it."""

    centre: Point
    radius: float
    kind: str
    tip: str = ""
    key: str = ""


@dataclass(frozen=True)
class Box:
    """A rectangle from its upper left corner."""

    corner: Point
    width: float
    height: float
    kind: str
    tip: str = ""
    key: str = ""


@dataclass(frozen=True)
class Text:
    """Words whose baseline starts, has its middle, or ends at ``place``."""

    place: Point
    words: str
    kind: str
    anchor: Anchor = "start"


Shape: TypeAlias = Segment | Path | Circle | Cross | Box | Text


def tag_of(shape: Shape) -> str:
    """Name what style rules may tell apart besides the kind: ``text``, or nothing."""
    return "text" if isinstance(shape, Text) else ""


def moved(shape: Shape, right: float, down: float) -> Shape:
    """Copy ``shape`` to another place."""

    def to(point: Point) -> Point:
        return point[0] + right, point[1] + down

    match shape:
        case Segment():
            return replace(shape, start=to(shape.start), end=to(shape.end))
        case Path():
            return replace(shape, points=tuple(map(to, shape.points)))
        case Circle() | Cross():
            return replace(shape, centre=to(shape.centre))
        case Box():
            return replace(shape, corner=to(shape.corner))
        case Text():
            return replace(shape, place=to(shape.place))
