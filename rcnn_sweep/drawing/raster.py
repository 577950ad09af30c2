"""A drawing as a picture of pixels, for PNG files: the same shapes, the palette by day.

Pillow draws without smoothing, so a picture is drawn larger and made smaller in the end. That takes
a fifth of the time that Matplotlib takes, of which only the fonts are used here: each trial draws
three pictures.
"""

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import hypot
from pathlib import Path as FilePath
from typing import BinaryIO, TypeAlias

from PIL import Image, ImageColor, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from rcnn_sweep.drawing.shapes import (
    Anchor,
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
PIXELS = 2
"""The pixels of a unit's side."""
SMOOTHING = 3
"""How many times larger a picture is drawn than it is in the end."""
LARGE = 1_500_000
"""Square units from which a picture is drawn as it is: smoothing it would take 200 MB or more."""
TEXT = 0.9
"""DejaVu Sans is wider than a page's fonts by so much."""
FONTS = {False: "DejaVuSans.ttf", True: "DejaVuSans-Bold.ttf"}
ANCHORS: dict[Anchor, str] = {"start": "ls", "middle": "ms", "end": "rs"}

Colour: TypeAlias = tuple[int, ...]


def save_picture(
    file: BinaryIO, shapes: Sequence[Shape], width: float, height: float, told: Mapping[str, str]
) -> None:
    """Write ``shapes`` as PNG, the later ones over the earlier ones; ``told`` are named texts."""
    texts = PngInfo()
    for name, text in told.items():
        texts.add_itxt(name, text)
    dpi = (UNITS_AN_INCH * PIXELS,) * 2
    _picture(shapes, width, height).save(file, format="PNG", pnginfo=texts, dpi=dpi)


def _picture(shapes: Sequence[Shape], width: float, height: float) -> Image.Image:
    smoothing = SMOOTHING if width * height < LARGE else 1
    size = (round(width * PIXELS) * smoothing, round(height * PIXELS) * smoothing)
    large = Image.new("RGB", size, _rgb("paper"))
    pen = Pen(ImageDraw.Draw(large), PIXELS * smoothing)
    for shape in shapes:
        pen.draw(shape, look_of(tag_of(shape), shape.kind))
    return large.reduce(smoothing)


@dataclass(frozen=True)
class Pen:
    """Draws on an image of ``scale`` pixels a unit."""

    image: ImageDraw.ImageDraw
    scale: int

    def draw(self, shape: Shape, look: Look) -> None:
        """Draw one shape."""
        match shape:
            case Text():
                self._write(shape, look)
            case Segment(start, end):
                self._stroke([start, end], look)
            case Path(points, is_closed=False):
                self._stroke(points, look)
            case Cross((x, y), r):
                self._stroke([(x - r, y - r), (x + r, y + r)], look)
                self._stroke([(x + r, y - r), (x - r, y + r)], look)
            case Path(points):
                self._polygon(points, look)
            case Circle(centre, radius):
                self._circle(centre, radius, look)
            case Box((x, y), width, height):
                right, bottom = x + width, y + height
                self._polygon([(x, y), (right, y), (right, bottom), (x, bottom)], look)

    def _scaled(self, points: Sequence[Point]) -> list[Point]:
        return [(self.scale * x, self.scale * y) for x, y in points]

    def _stroke(self, points: Sequence[Point], look: Look) -> None:
        if look.stroke in (None, "none"):
            return
        parts = [points] if look.dash is None else dashes(points, *look.dash)
        width = max(1, round(self.scale * _width(look)))
        for part in parts:
            self.image.line(self._scaled(part), fill=_ink(look), width=width, joint="curve")

    def _polygon(self, points: Sequence[Point], look: Look) -> None:
        self.image.polygon(self._scaled(points), fill=_fill(look))
        self._stroke([*points, *points[:2]], look)

    def _circle(self, centre: Point, radius: float, look: Look) -> None:
        [place] = self._scaled([centre])
        edge = _width(look) / 2 if look.stroke else 0.0
        if edge:
            self.image.circle(place, self.scale * (radius + edge), fill=_ink(look))
        self.image.circle(place, self.scale * (radius - edge), fill=_fill(look))

    def _write(self, text: Text, look: Look) -> None:
        [place] = self._scaled([text.place])
        self.image.text(
            place,
            text.words,
            fill=_fill(look),
            font=_font(self.scale * TEXT * (look.size or 12), bool(look.bold)),
            anchor=ANCHORS[text.anchor],
            stroke_width=self.scale * _width(look) / 2 if look.behind else 0,
            stroke_fill=_ink(look) if look.behind else None,
        )


def dashes(points: Sequence[Point], drawn: float, left: float) -> Iterator[list[Point]]:
    """Cut a line into pieces of length ``drawn`` with ``left`` between them.

    >>> list(dashes([(0, 0), (5, 0)], 2, 1))
    [[(0, 0), (2.0, 0.0)], [(3.0, 0.0), (5, 0)]]
    """
    part, rest, is_drawn = [points[0]], drawn, True
    for (x1, y1), (x2, y2) in pairwise(points):
        length, done = hypot(x2 - x1, y2 - y1), 0.0
        while length - done > rest:
            done += rest
            at = (x1 + (x2 - x1) * done / length, y1 + (y2 - y1) * done / length)
            if is_drawn:
                yield [*part, at]
            is_drawn = not is_drawn
            part, rest = [at], drawn if is_drawn else left
        rest -= length - done
        part.append((x2, y2))
    if is_drawn and len(part) > 1:
        yield part


def _width(look: Look) -> float:
    return look.width or 1.0


def _ink(look: Look) -> Colour:
    return _rgb(look.stroke or "ink", 1.0 if look.opacity is None else look.opacity)


def _fill(look: Look) -> Colour:
    return _rgb(look.fill or "ink", 1.0 if look.strength is None else look.strength)


@cache
def _rgb(name: str, share: float = 1.0) -> Colour:
    """Give a colour of the palette; one that lets something through lets the paper through."""
    pairs = zip(ImageColor.getrgb(colour(name)), ImageColor.getrgb(colour("paper")), strict=True)
    return tuple(round(share * own + (1 - share) * below) for own, below in pairs)


@cache
def _font(size: float, is_bold: bool) -> ImageFont.FreeTypeFont:
    """Open a font that Matplotlib brings along, without importing it."""
    found = importlib.util.find_spec("matplotlib")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("pictures need the fonts of Matplotlib, which is not installed")
    fonts = FilePath(found.origin).parent / "mpl-data" / "fonts" / "ttf"
    return ImageFont.truetype(str(fonts / FONTS[is_bold]), size)
