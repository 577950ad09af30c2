"""Things beside each other: what differs, and whether their scores may be compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rcnn_sweep.format import MINUS, NONE, joined, metric, plain
from rcnn_sweep.metrics import find
from rcnn_sweep.report.confusion import Confusion, Matrix
from rcnn_sweep.report.tables import Cell, Row, number, param, row, text

SPLIT = (
    *("name", "validation", "validation_fraction", "train_limit", "test_limit"),
    *("test_fraction", "split_column", "text_column", "label_column", "sha256"),
)
"""Data settings that decide which texts a score is measured on."""
KINDS = ("c1", "c0", "c2", "c3", "c4", "c5", "c6")


@dataclass(frozen=True)
class Side:
    """One of the things compared: a letter, its name, and what is to be said of it."""

    letter: str
    name: str
    note: str
    kind: str


def differences(sides: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Give a row for each key whose values differ; a missing one is a dash."""
    keys = dict.fromkeys(key for side in sides for key in side)
    rows = []
    for key in keys:
        values = [side.get(key, "") for side in sides]
        if len({plain(value) for value in values}) > 1:
            rows.append(row([text(key), *(param(as_number(value)) for value in values)]))
    return rows


def as_number(value: Any) -> Any:
    """Give a text that is a number, as MLflow keeps parameters, as a number, else the value."""
    if not isinstance(value, str):
        return value
    try:
        return int(value) if value.lstrip("-").isdigit() else float(value)
    except ValueError:
        return value


def split_caution(sides: Sequence[Mapping[str, Any]]) -> str:
    """Say which data settings differ, so that the scores are not comparable; else nothing."""
    different = [key for key in SPLIT if len({plain(side.get(key, NONE)) for side in sides}) > 1]
    if not different:
        return ""
    named = joined([{"sha256": "the data's checksum"}.get(key, f"data.{key}") for key in different])
    return (
        f"Not comparable: {named} differ{'s' if len(different) == 1 else ''}, so the scores are "
        "measured on different texts. A difference between them says nothing about the networks."
    )


def difference_table(
    title: str, caption: str, sides: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Give a table of differences for the template."""
    return {"title": title, "caption": caption, "rows": differences(sides)}


def measure(name: str, values: Sequence[float | None]) -> Row:
    """Give a number of each side, and the differences from the first."""
    known, first = find(name), values[0]
    written = metric if known is None else known.kind.text
    gaps = [None if v is None or first is None else v - first for v in values[1:]]
    cells = [number(value, NONE if value is None else written(value)) for value in values]
    told = [NONE if g is None else f"{MINUS if g < 0 else '+'}{written(abs(g))}" for g in gaps]
    return row([text(name), *cells, *map(number, gaps, told)])


def plain_measure(name: str, values: Sequence[str]) -> Row:
    """Give a text of each side."""
    return row([text(name), *map(Cell, values), Cell("")])


def matrix(confusion: Confusion, title: str, note: str) -> Matrix:
    """Give a confusion matrix whose note counts its texts."""
    return Matrix(confusion, title, f"{note}, {confusion.total:,} texts")
