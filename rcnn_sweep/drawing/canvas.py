"""Small drawings as SVG inside the page: no script, sharp in print, colours from the style sheet.

Lengths are in the drawing's own units, about a pixel each at full width.
"""

from itertools import count

from markupsafe import Markup, escape

_NUMBERS = count(1)


class Drawing:
    """An SVG picture built up element by element; every text and attribute is escaped.

    >>> picture = Drawing(20, 10, title="A dot", description="One dot.")
    >>> picture.circle(5, 5, 2, "point", tip="<here>")
    >>> "&lt;here&gt;" in picture.markup()
    True
    """

    def __init__(self, width: float, height: float, *, title: str, description: str) -> None:
        """Start an empty picture; ``title`` and ``description`` are what a screen reader says."""
        self.width, self.height = width, height
        self._title, self._description = title, description
        self._parts: list[Markup] = []

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        """Draw a straight line of CSS class ``kind``."""
        self._add("line", kind, x1=x1, y1=y1, x2=x2, y2=y2)

    def path(self, points: list[tuple[float, float]], kind: str, *, tip: str = "") -> None:
        """Draw a line through ``points``."""
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._add("polyline", kind, tip=tip, points=places)

    def circle(self, x: float, y: float, radius: float, kind: str, *, tip: str = "") -> None:
        """Draw a dot; ``tip`` shows when the pointer rests on it."""
        self._add("circle", kind, tip=tip, cx=x, cy=y, r=radius)

    def diamond(self, x: float, y: float, radius: float, kind: str, *, tip: str = "") -> None:
        """Draw a square on its corner."""
        infeasible = [(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)]
        places = " ".join(f"{a:.1f},{b:.1f}" for a, b in infeasible)
        self._add("polygon", kind, tip=tip, points=places)

    def square(self, x: float, y: float, radius: float, kind: str, *, tip: str = "") -> None:
        """Draw a square around a point."""
        self.box(x - radius, y - radius, 2 * radius, 2 * radius, kind, tip=tip)

    def cross(self, x: float, y: float, radius: float, kind: str, *, tip: str = "") -> None:
        """Draw a cross over a point."""
        r = radius
        stroke = f"M{x - r:.1f},{y - r:.1f}l{2 * r},{2 * r}m0,{-2 * r}l{-2 * r},{2 * r}"
        self._add("path", kind, tip=tip, d=stroke)

    def box(
        self, x: float, y: float, width: float, height: float, kind: str, *, tip: str = ""
    ) -> None:
        """Draw a rectangle from its upper left corner."""
        self._add("rect", kind, tip=tip, x=x, y=y, width=max(width, 0), height=height)

    def text(
        self, x: float, y: float, words: str, kind: str = "", *, anchor: str = "start"
    ) -> None:
        """Write ``words`` with the baseline at ``y``; ``anchor`` is start, middle or end."""
        self._parts.append(
            Markup('<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(
                kind, x, y, anchor, words
            )
        )

    def _add(self, tag: str, kind: str, *, tip: str = "", **attributes: float | str) -> None:
        given = Markup(" ").join(
            Markup('{}="{}"').format(name, f"{value:.1f}" if isinstance(value, float) else value)
            for name, value in attributes.items()
        )
        inside = Markup("<title>{}</title>").format(tip) if tip else Markup("")
        self._parts.append(
            Markup('<{0} class="{1}" {2}>{3}</{0}>').format(Markup(tag), kind, given, inside)
        )

    def markup(self) -> Markup:
        """Give the picture as an element to be put into a page."""
        number = next(_NUMBERS)
        return Markup(
            '<svg viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" '
            'aria-labelledby="t{2} d{2}"><title id="t{2}">{3}</title><desc id="d{2}">{4}</desc>'
            "{5}</svg>"
        ).format(
            Markup(f"{self.width:g}"),
            Markup(f"{self.height:g}"),
            number,
            escape(self._title),
            escape(self._description),
            Markup("").join(self._parts),
        )
