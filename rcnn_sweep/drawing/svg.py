"""A drawing as an SVG element inside a page: no script, sharp in print, colours from the page."""

from collections.abc import Sequence
from itertools import count

from markupsafe import Markup

from rcnn_sweep.drawing.shapes import Box, Circle, Cross, Path, Point, Segment, Shape, Text

_NUMBERS = count(1)


def svg_of(
    shapes: Sequence[Shape], width: float, height: float, *, title: str, description: str
) -> Markup:
    """Give the element; every text and attribute in it is escaped.

    ``title`` and ``description`` are what a screen reader says.
    """
    return Markup(
        '<svg viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" '
        'aria-labelledby="t{2} d{2}"><title id="t{2}">{3}</title><desc id="d{2}">{4}</desc>'
        "{5}</svg>"
    ).format(
        f"{width:g}",
        f"{height:g}",
        next(_NUMBERS),
        title,
        description,
        Markup("").join(map(_element, shapes)),
    )


def _element(shape: Shape) -> Markup:
    match shape:
        case Segment((x1, y1), (x2, y2), kind):
            return _tag("line", kind, x1=x1, y1=y1, x2=x2, y2=y2)
        case Path(points, kind, tip, key, is_closed):
            tag = "polygon" if is_closed else "polyline"
            return _tag(tag, kind, tip, key, points=_places(points))
        case Circle((x, y), radius, kind, tip, key):
            return _tag("circle", kind, tip, key, cx=x, cy=y, r=radius)
        case Cross((x, y), r, kind, tip, key):
            stroke = f"M{x - r:.1f},{y - r:.1f}l{2 * r},{2 * r}m0,{-2 * r}l{-2 * r},{2 * r}"
            return _tag("path", kind, tip, key, d=stroke)
        case Box((x, y), width, height, kind, tip, key):
            return _tag("rect", kind, tip, key, x=x, y=y, width=width, height=height)
        case Text((x, y), words, kind, anchor):
            return Markup(
                '<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>'
            ).format(kind, x, y, anchor, words)


def _places(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _tag(tag: str, kind: str, tip: str = "", key: str = "", **attributes: float | str) -> Markup:
    given = Markup(" ").join(
        Markup('{}="{}"').format(name, value if isinstance(value, str) else f"{value:.1f}")
        for name, value in attributes.items()
    )
    if key:
        given = Markup('data-key="{}" {}').format(key, given)
    inside = Markup("<title>{}</title>").format(tip) if tip else Markup("")
    return Markup('<{0} class="{1}" {2}>{3}</{0}>').format(Markup(tag), kind, given, inside)
