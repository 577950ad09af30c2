"""A confusion matrix as recorded, and what it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_CLASSES = 20
"""Classes up to which the matrix is shown cell by cell."""
SHADES = 8
"""Steps of the cells' background, as many as the style sheet has."""


@dataclass(frozen=True)
class Confusion:
    """``matrix[i][j]`` counts texts of class ``i`` taken for ``j``; classes are ``labels``."""

    labels: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, recorded: Mapping[str, Any]) -> "Confusion | None":
        """Read ``{"labels": [...], "matrix": [[...]]}``; None where it is something else."""
        try:
            labels = tuple(str(label) for label in recorded["labels"])
            matrix = tuple(tuple(int(cell) for cell in row) for row in recorded["matrix"])
        except (KeyError, TypeError, ValueError):
            return None
        is_square = [len(row) for row in matrix] == [len(labels)] * len(labels)
        return cls(labels, matrix) if labels and is_square else None

    @property
    def is_shown(self) -> bool:
        """Say whether the matrix is small enough for a page."""
        return len(self.labels) <= MOST_CLASSES

    @property
    def worst(self) -> list[tuple[str, str, int]]:
        """The ten most frequent confusions as true class, taken for, count."""
        cells = [
            (self.labels[i], self.labels[j], count)
            for i, row in enumerate(self.matrix)
            for j, count in enumerate(row)
            if i != j and count
        ]
        return sorted(cells, key=lambda cell: -cell[2])[:10]

    @property
    def total(self) -> int:
        """The number of texts."""
        return sum(map(sum, self.matrix))

    @property
    def correct(self) -> int:
        """The number of texts on the diagonal."""
        return sum(self.matrix[i][i] for i in range(len(self.labels)))

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the accuracy."""
        return wilson(self.correct, self.total)

    def recall(self, row: int) -> float:
        """Give the share of class ``row`` that was recognised; 0 where it has no texts."""
        return self.matrix[row][row] / max(sum(self.matrix[row]), 1)

    def shade(self, row: int, column: int) -> int:
        """Give the cell's share of its row as a step from 0 to ``SHADES``."""
        cells: Sequence[int] = self.matrix[row]
        return round(SHADES * cells[column] / max(sum(cells), 1))


def wilson(hits: int, total: int) -> tuple[float, float]:
    """Give Wilson's 95 % interval of a share of ``total``, 1 or more (Wilson, JASA 1927)."""
    from scipy.stats import binomtest  # a second of imports

    found = binomtest(hits, total).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)


@dataclass(frozen=True)
class Matrix:
    """A confusion matrix on a page, under ``title``, with a ``note`` on whose it is."""

    confusion: Confusion
    title: str
    note: str
