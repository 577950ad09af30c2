"""Small drawings, built up shape by shape, that go into a page or into a file.

Lengths are in the drawing's own units, about a pixel each at full width.
"""

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from rcnn_sweep.drawing import shapes
from rcnn_sweep.drawing.alone import page_around, styled
from rcnn_sweep.drawing.shapes import Anchor, Point, Shape
from rcnn_sweep.drawing.svg import svg_of
from rcnn_sweep.process import replacing, write_whole


class Drawing:
    """A picture of shapes; ``kind`` names their look, :mod:`rcnn_sweep.drawing.style` lists it.

    >>> picture = Drawing(20, 10, title="A dot", description="One dot.")
    >>> picture.circle(5, 5, 2, "best", tip="<here>")
    >>> "&lt;here&gt;" in picture.markup()
    True
    """

    def __init__(self, width: float, height: float, *, title: str, description: str) -> None:
        """Start an empty picture; ``title`` and ``description`` are what a screen reader says."""
        self.width, self.height = width, height
        self.title, self.description = title, description
        self.shapes: list[Shape] = []

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        """Draw a straight line."""
        self.shapes.append(shapes.Segment((x1, y1), (x2, y2), kind))

    def path(self, points: Sequence[Point], kind: str, *, tip: str = "", key: str = "") -> None:
        """Draw a line through ``points``."""
        self.shapes.append(shapes.Path(tuple(points), kind, tip, key))

    def circle(
        self, x: float, y: float, radius: float, kind: str, *, tip: str = "", key: str = ""
    ) -> None:
        """Draw a dot; ``tip`` shows when the pointer rests on it."""
        self.shapes.append(shapes.Circle((x, y), radius, kind, tip, key))

    def diamond(
        self, x: float, y: float, radius: float, kind: str, *, tip: str = "", key: str = ""
    ) -> None:
        """Draw a square on its corner."""
        corners = ((x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y))
        self.shapes.append(shapes.Path(corners, kind, tip, key, is_closed=True))

    def square(
        self, x: float, y: float, radius: float, kind: str, *, tip: str = "", key: str = ""
    ) -> None:
        """Draw a square around a point."""
        self.box(x - radius, y - radius, 2 * radius, 2 * radius, kind, tip=tip, key=key)

    def cross(
        self, x: float, y: float, radius: float, kind: str, *, tip: str = "", key: str = ""
    ) -> None:
        """Draw a cross over a point."""
        self.shapes.append(shapes.Cross((x, y), radius, kind, tip, key))

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        kind: str,
        *,
        tip: str = "",
        key: str = "",
    ) -> None:
        """Draw a rectangle from its upper left corner."""
        self.shapes.append(shapes.Box((x, y), max(width, 0), height, kind, tip, key))

    def text(
        self, x: float, y: float, words: str, kind: str = "", *, anchor: Anchor = "start"
    ) -> None:
        """Write ``words`` with the baseline at ``y``."""
        self.shapes.append(shapes.Text((x, y), words, kind, anchor))

    def place(self, other: "Drawing", x: float, y: float) -> None:
        """Copy all of ``other`` into this picture, its upper left corner at the place given."""
        self.shapes += [shapes.moved(shape, x, y) for shape in other.shapes]

    @property
    def kinds(self) -> set[str]:
        """The kinds of shape that are in the picture, for a legend."""
        return {name for shape in self.shapes for name in shape.kind.split()}

    def markup(self) -> Markup:
        """Give the picture as an SVG element to be put into a page."""
        return svg_of(
            self.shapes, self.width, self.height, title=self.title, description=self.description
        )

    def save_html(self, path: Path) -> None:
        """Write a page with nothing but the picture, complete in itself, light and dark."""
        write_whole(path, page_around(self.markup(), self.title))

    def save_svg(self, path: Path) -> None:
        """Write the picture as an SVG file with its own style, light and dark."""
        write_whole(path, styled(self.markup()))

    def save_png(self, path: Path) -> None:
        """Write the picture as PNG, with its title and description for who cannot see it."""
        from rcnn_sweep.drawing.raster import save_picture  # Pillow, which a page does not need

        told = {"Title": self.title, "Description": self.description}
        with replacing(path) as file:
            save_picture(file, self.shapes, self.width, self.height, told)
