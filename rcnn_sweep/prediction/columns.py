"""The rows of a table with their texts, one by one, so that a table of any length can be read."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from rcnn_sweep.data import open_parquet, validated
from rcnn_sweep.errors import UserError
from rcnn_sweep.prediction.lines import LONGEST_LINE
from rcnn_sweep.rules import nearest

ROWS = 1024
"""Rows of a Parquet file that are read at once."""


class Entry(NamedTuple):
    """A text, and the row that it stands in: its cells by column, the text's own among them."""

    text: str
    cells: Mapping[str, Any]


@dataclass
class Reading:
    """How far a file has been read: ``done`` of ``total``, in bytes or in rows; 0 is unknown."""

    total: int = 0
    done: int = 0


def text_of(value: Any, place: str) -> str:
    """Give ``value`` if it is a text that UTF-8 can hold; raises :class:`UserError` otherwise."""
    if not isinstance(value, str):
        raise UserError(
            f"{place}: expected a text; received {json.dumps(value, default=str):.60}.\n"
            "Name another --text-column, or drop such rows first."
        )
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise UserError(
                f"{place}: expected UTF-8; received half a character at place {error.start + 1}.\n"
                "Mend the text first."
            ) from error
    return value


def check_column(path: Path, column: str, present: Sequence[str]) -> None:
    """Raise :class:`UserError`, naming the nearest, unless ``column`` is ``present``.

    All are kept, so no two may have one name.
    """
    for name in present:
        if (count := present.count(name)) > 1:
            raise UserError(
                f"{path}: expected one column {name}; found {count}.\n"
                "Rename the others, so that it is clear which one is meant."
            )
    if column in present:
        return
    hint = nearest(column, present, cutoff=0.4)
    raise UserError(
        f"{path}: expected a column {column}; found {', '.join(present) or 'none':.300}.{hint}\n"
        "Name it: --text-column NAME."
    )


def delimited(path: Path, lines: Iterable[str], column: str, separator: str) -> Iterator[Entry]:
    """Give the rows of a CSV or TSV file with a header; an empty cell is an empty text."""
    before = csv.field_size_limit(LONGEST_LINE)
    try:
        rows = csv.reader(lines, delimiter=separator, strict=True)
        header = next(rows, None)
        if header is None:
            return
        check_column(path, column, header)
        place = header.index(column)
        for row in filter(None, rows):
            if len(row) != len(header):
                raise UserError(
                    f"{path}, line {rows.line_num}: expected {len(header)} fields as in the "
                    f"header; received {len(row)}.\nMend the line; texts with commas need quotes."
                )
            yield Entry(row[place], dict(zip(header, row, strict=True)))
    except csv.Error as error:
        raise UserError(
            f"{path}, line {rows.line_num}: expected a table; received what is none ({error}).\n"
            "Mend the line, or use one text a line without --text-column."
        ) from error
    finally:
        csv.field_size_limit(before)


def json_lines(path: Path, lines: Iterable[str], column: str) -> Iterator[Entry]:
    """Give the objects of a file with one a line; blank lines are passed over."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UserError(
                f"{place}: expected a JSON object; received what is none ({error}).\nMend the line."
            ) from error
        if not isinstance(row, dict):
            raise UserError(f"{place}: expected a JSON object; received another value.\nMend it.")
        check_column(Path(place), column, list(row))
        yield Entry(text_of(row[column], place), row)


def parquet(path: Path, column: str, reading: Reading) -> Iterator[Entry]:
    """Give the rows of a Parquet file."""
    import pyarrow

    try:
        file = open_parquet(path)
        check_column(path, column, file.schema_arrow.names)
        reading.total = file.metadata.num_rows
        rows = (row for piece in validated(file.iter_batches(ROWS)) for row in piece.to_pylist())
        for number, row in enumerate(rows, start=1):
            reading.done = number
            yield Entry(text_of(row[column], f"{path}, row {number}"), row)
    except (pyarrow.ArrowException, OSError, ValueError) as error:  # also of what is no UTF-8
        cause = next(iter(str(error).splitlines()), type(error).__name__)
        raise UserError(
            f"{path}: expected a Parquet file; it cannot be read ({cause}).\n"
            "Replace it by a whole copy."
        ) from error
