"""One column of texts from a table, row by row, so that a table of any length can be read."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rcnn_sweep.errors import UserError
from rcnn_sweep.prediction.lines import LONGEST_LINE
from rcnn_sweep.rules import nearest

ROWS = 1024
"""Rows of a Parquet file that are read at once."""


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
    """Raise :class:`UserError`, naming the nearest, unless ``column`` is ``present`` as one."""
    if (count := present.count(column)) > 1:
        raise UserError(
            f"{path}: expected one column {column}; found {count}.\n"
            "Rename the others, so that it is clear which one is meant."
        )
    if count:
        return
    hint = nearest(column, present, cutoff=0.4)
    raise UserError(
        f"{path}: expected a column {column}; found {', '.join(present) or 'none':.300}.{hint}\n"
        "Name it: --text-column NAME."
    )


def delimited(path: Path, lines: Iterable[str], column: str, separator: str) -> Iterator[str]:
    """Give a column of a CSV or TSV file with a header; an empty cell is an empty text."""
    before = csv.field_size_limit(LONGEST_LINE)
    try:
        rows = csv.reader(lines, delimiter=separator, strict=True)
        header = next(rows, None)
        if header is None:
            return
        check_column(path, column, header)
        for row in filter(None, rows):
            if len(row) != len(header):
                raise UserError(
                    f"{path}, line {rows.line_num}: expected {len(header)} fields as in the "
                    f"header; received {len(row)}.\nMend the line; texts with commas need quotes."
                )
            yield row[header.index(column)]
    except csv.Error as error:
        raise UserError(
            f"{path}, line {rows.line_num}: expected a table; received what is none ({error}).\n"
            "Mend the line, or use one text a line without --text-column."
        ) from error
    finally:
        csv.field_size_limit(before)


def json_lines(path: Path, lines: Iterable[str], column: str) -> Iterator[str]:
    """Give a key of a file with one JSON object a line; blank lines are passed over."""
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
        yield text_of(row[column], place)


def parquet(path: Path, column: str) -> Iterator[str]:
    """Give a column of a Parquet file."""
    import pyarrow
    from pyarrow.parquet import ParquetFile

    try:
        file = ParquetFile(path)
        check_column(path, column, file.schema_arrow.names)
        pieces = (piece[column] for piece in file.iter_batches(ROWS, columns=[column]))
        values = (value for piece in pieces for value in piece.to_pylist())
        for number, value in enumerate(values, start=1):
            yield text_of(value, f"{path}, row {number}")
    except (pyarrow.ArrowException, OSError, ValueError) as error:  # also of what is no UTF-8
        cause = next(iter(str(error).splitlines()), type(error).__name__)
        raise UserError(
            f"{path}: expected a Parquet file; it cannot be read ({cause}).\n"
            "Replace it by a whole copy."
        ) from error
