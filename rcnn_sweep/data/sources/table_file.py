"""Reading columns of a table file: CSV, TSV, JSON lines (each also compressed) and Parquet."""

import bz2
import csv
import gzip
import io
import json
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rcnn_sweep.errors import DataError
from rcnn_sweep.process import printable
from rcnn_sweep.rules import closest

Columns = dict[str, list[Any]]

_OPEN: dict[str, Callable[[Path], Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_LINES = {".jsonl", ".ndjson", ".json"}
MAX_UNPACKED = 1 << 31
"""What a compressed table may unpack to; a few kilobytes could unpack to more than any memory."""

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class Read:
    """The wanted columns, all of one length, None where a value is missing, and notes."""

    columns: Columns
    notes: tuple[str, ...]


def read_columns(path: Path, names: Sequence[str]) -> Read:
    """Read the columns ``names`` of the table at ``path``; its suffix tells the format.

    Raises ``DataError`` for an unknown suffix, a malformed file or a missing column, for which
    it names the nearest one and lists all.
    """
    packed = path.suffix.lower() if path.suffix.lower() in _OPEN else ""
    kind = (path.with_suffix("") if packed else path).suffix.lower()
    if kind == ".parquet" and not packed:
        return Read(_parquet(path, names), ())
    if kind not in _SEPARATORS and kind not in _LINES:
        raise DataError(
            f"Expected a table in .csv, .tsv, .jsonl, .ndjson, .json (one object a line; also "
            f"with .gz, .bz2 or .xz) or .parquet, received {path.name}.\nConvert or rename it."
        )
    try:
        text, notes = _decode(_unpack(path, packed))
        if kind in _LINES:
            return Read(_json_lines(path, text, names), notes)
        return Read(_delimited(path, text, _SEPARATORS[kind], names), notes)
    except (OSError, EOFError, csv.Error, lzma.LZMAError, zlib.error) as error:
        raise _malformed(path, str(error)) from error


def check_columns(path: Path, names: Sequence[str], present: Sequence[str]) -> None:
    """Raise ``DataError`` for the first of ``names`` that is not ``present`` as one column."""
    for name in names:
        if (count := present.count(name)) > 1:
            raise DataError(
                f"Expected one column {name} in {path}, found {count}.\n"
                "Rename the others, so that it is clear which one is meant."
            )
        if count == 0:
            near = closest(name, present, cutoff=0.4)
            hint = f" (did you mean {printable(near)}?)" if near else ""
            listed = printable(", ".join(present[:20])) or "no columns"
            more = f" and {len(present) - 20} more" if len(present) > 20 else ""
            raise DataError(
                f"Expected a column {name} in {path}, found {listed:.500}{more}{hint}.\n"
                "Set data.text_column, data.label_column or data.split_column."
            )


def _malformed(path: Path, cause: str) -> DataError:
    return DataError(
        f"Expected a well-formed table in {path}, received a damaged one: {cause}.\n"
        "Mend or replace the file."
    )


def _unpack(path: Path, packed: str) -> bytes:
    if not packed:
        return path.read_bytes()
    with _OPEN[packed](path) as file:
        content = bytes(file.read(MAX_UNPACKED + 1))
    if len(content) > MAX_UNPACKED:
        raise OSError(f"it unpacks to more than {MAX_UNPACKED:,} bytes; give it unpacked")
    return content


def _decode(content: bytes) -> tuple[str, tuple[str, ...]]:
    try:
        return content.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        text = content.decode("utf-8-sig", errors="replace")
    count = text.count(_REPLACEMENT) - content.count(_REPLACEMENT.encode())
    return text, (f"{count} byte sequences were not UTF-8 and were replaced.",)


def _delimited(path: Path, text: str, separator: str, names: Sequence[str]) -> Columns:
    before = csv.field_size_limit(sys.maxsize)  # its 128 KiB would refuse a long text
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        header = next(rows, [])
        check_columns(path, names, header)
        places = [header.index(name) for name in names]
        columns: Columns = {name: [] for name in names}
        for row in filter(None, rows):
            if len(row) > len(header):
                cause = f"line {rows.line_num} has {len(row)} fields, the header {len(header)}"
                raise _malformed(path, cause)
            for name, place in zip(names, places, strict=True):
                columns[name].append(row[place] if place < len(row) and row[place] else None)
        return columns
    finally:
        csv.field_size_limit(before)


def _json_lines(path: Path, text: str, names: Sequence[str]) -> Columns:
    rows = list(_objects(path, text))
    present = list(dict.fromkeys(key for row in rows for key in row))
    check_columns(path, names, present)
    return {name: [row.get(name) for row in rows] for name in names}


def _objects(path: Path, text: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _malformed(path, f"line {number} is not JSON ({error})") from error
        if not isinstance(row, dict):
            raise _malformed(path, f"line {number} is not a JSON object")
        yield row


def _parquet(path: Path, names: Sequence[str]) -> Columns:
    import pyarrow
    from pyarrow import parquet

    try:
        check_columns(path, names, parquet.read_schema(path).names)
        table = parquet.ParquetFile(path).read(columns=list(names))
        return {name: table.column(name).to_pylist() for name in names}
    except (pyarrow.ArrowException, OSError, ValueError) as error:  # also of what is no UTF-8
        cause = next(iter(str(error).splitlines()), type(error).__name__)
        raise _malformed(path, cause.rstrip(".")) from error
