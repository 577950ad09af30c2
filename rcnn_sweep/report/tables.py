"""Rows and cells of the report's tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rcnn_sweep.format import NONE, plain


@dataclass(frozen=True)
class Cell:
    """One cell: what it shows, what it is sorted by ("" sorts last), its CSS class, its link."""

    text: str
    order: str = ""
    kind: str = ""
    link: str = ""


@dataclass(frozen=True)
class Row:
    """One row; its first cell names it. ``kind`` is the CSS class.

    ``key`` is what drawings on the page know the same thing by, as in
    :mod:`rcnn_sweep.drawing.shapes`.
    """

    cells: tuple[Cell, ...]
    kind: str = ""
    key: str = ""


def number(value: float | None, text: str, link: str = "") -> Cell:
    """Give a cell that sorts by ``value``, empty without one."""
    return Cell(NONE) if value is None else Cell(text, repr(float(value)), link=link)


def text(value: Any, kind: str = "words") -> Cell:
    """Give a cell that sorts as text, or as a number where it is one."""
    if value is None or value == "":
        return Cell(NONE, kind=kind)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return Cell(plain(value), repr(float(value)) if is_number else plain(value), kind)


def param(value: Any) -> Cell:
    """Give a parameter's cell, aligned as a number where it is one."""
    return text(value, "" if isinstance(value, int | float) or value is None else "words")


def row(cells: Sequence[Cell], kind: str = "", key: str = "") -> Row:
    """Give a row of ``cells``."""
    return Row(tuple(cells), kind, key)
