"""Several drawings as one."""

from collections.abc import Sequence
from dataclasses import dataclass

from rcnn_sweep.drawing.canvas import Drawing

HEAD, GAP = 34.0, 18.0


@dataclass(frozen=True)
class Row:
    """Drawings side by side."""

    drawings: Sequence[Drawing]

    @property
    def width(self) -> float:
        """What they need with the gaps between them."""
        return sum(own.width for own in self.drawings) + GAP * (len(self.drawings) - 1)

    @property
    def height(self) -> float:
        """The highest of them."""
        return max(own.height for own in self.drawings)


def sheet_of(
    title: str, drawings: Sequence[Drawing], *, columns: int = 1, foot: Drawing | None = None
) -> Drawing:
    """Put one or more ``drawings`` row by row under a visible ``title``, ``foot`` below all."""
    rows = [Row(drawings[at : at + columns]) for at in range(0, len(drawings), columns)]
    rows += [] if foot is None else [Row([foot])]
    whole = Drawing(
        max(row.width for row in rows) + 2 * GAP,
        HEAD + sum(row.height + GAP for row in rows),
        title=title,
        description=" ".join(own.description for own in drawings),
    )
    whole.text(GAP, 24, title, "title")
    down = HEAD
    for row in rows:
        right = GAP
        for own in row.drawings:
            whole.place(own, right, down)
            right += own.width + GAP
        down += row.height + GAP
    return whole
