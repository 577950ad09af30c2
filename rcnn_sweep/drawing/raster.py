"""A drawing as a Matplotlib figure, for picture files: the same shapes, the palette by day."""

from collections.abc import Sequence
from typing import Any

from matplotlib import patches
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from rcnn_sweep.drawing.shapes import (
    Box,
    Circle,
    Cross,
    Path,
    Point,
    Segment,
    Shape,
    Text,
    tag_of,
)
from rcnn_sweep.drawing.style import Look, colour, look_of

UNITS_AN_INCH = 72
"""A unit of the drawing is a point, so widths and sizes need no conversion."""
TEXT = 0.9
"""DejaVu Sans, which Matplotlib brings along, is wider than the page's fonts by so much."""
ALIGNMENTS = {"start": "left", "middle": "center", "end": "right"}


def figure_of(shapes: Sequence[Shape], width: float, height: float) -> Figure:
    """Draw ``shapes`` in their order, the later ones over the earlier ones."""
    figure = Figure(figsize=(width / UNITS_AN_INCH, height / UNITS_AN_INCH))
    figure.set_facecolor(colour("paper"))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    for order, shape in enumerate(shapes):
        _draw(axes, shape, look_of(tag_of(shape), shape.kind), order)
    return figure


def _draw(axes: Axes, shape: Shape, look: Look, order: int) -> None:
    match shape:
        case Text():
            _write(axes, shape, look, order)
        case Segment(start, end):
            _stroke(axes, [start, end], look, order)
        case Path(points, is_closed=False):
            _stroke(axes, points, look, order)
        case Cross((x, y), r):
            _stroke(axes, [(x - r, y - r), (x + r, y + r)], look, order)
            _stroke(axes, [(x + r, y - r), (x - r, y + r)], look, order)
        case Path(points):
            axes.add_patch(patches.Polygon(points, closed=True, **_filled(look, order)))
        case Circle(centre, radius):
            axes.add_patch(patches.Circle(centre, radius, **_filled(look, order)))
        case Box(corner, width, height):
            axes.add_patch(patches.Rectangle(corner, width, height, **_filled(look, order)))


def _stroke(axes: Axes, points: Sequence[Point], look: Look, order: int) -> None:
    width = look.width or 1.0
    line = Line2D(
        [x for x, _ in points],
        [y for _, y in points],
        color=_ink(look),
        linewidth=width,
        solid_joinstyle="round",
        zorder=order,
    )
    if look.dash is not None:  # which Matplotlib counts in widths of the line
        line.set_linestyle((0, [part / width for part in look.dash]))
    axes.add_line(line)


def _ink(look: Look) -> Any:
    return to_rgba(colour(look.stroke or "none"), look.opacity)


def _filled(look: Look, order: int) -> dict[str, Any]:
    return {
        "facecolor": colour(look.fill or "ink"),
        "edgecolor": _ink(look),
        "linewidth": look.width or (1.0 if look.stroke else 0.0),
        "zorder": order,
    }


def _write(axes: Axes, text: Text, look: Look, order: int) -> None:
    halo = [withStroke(linewidth=look.width or 0, foreground=colour(look.stroke or "none"))]
    axes.text(
        *text.place,
        text.words,
        color=colour(look.fill or "ink"),
        fontsize=TEXT * (look.size or 12),
        fontweight="bold" if look.bold else "normal",
        horizontalalignment=ALIGNMENTS[text.anchor],
        verticalalignment="baseline",
        parse_math=False,
        path_effects=halo if look.behind else None,
        zorder=order,
    )
