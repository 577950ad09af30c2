"""Reading columns of a table file: CSV, TSV, JSON lines (each also compressed) and Parquet."""

import bz2
import csv
import gzip
import json
import lzma
import re
import sys
import zlib
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from rcnn_sweep.data.parquet_file import open_parquet, validated
from rcnn_sweep.errors import DataError
from rcnn_sweep.process import free_memory, printable
from rcnn_sweep.rules import closest

Columns = dict[str, list[Any]]

_OPEN: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_LINES = {".jsonl", ".ndjson", ".json"}
MAX_UNPACKED = 1 << 31
"""What a compressed table may unpack to; a few kilobytes could unpack to more than any memory."""

MEMORY_A_BYTE = 2
"""Bytes of memory that a byte of a table takes while it is encoded: reviews took 1.8."""

BATCH = 4096
"""Rows of a Parquet file that are turned into Python's objects at once."""

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_AFTER_RETURN = re.compile(r"(?<=\r)(?!\n)")


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
        with _OPEN.get(packed, Path.open)(path, "rb") as file:
            lines = _Lines(file, _room(path, packed))
            if kind in _LINES:
                return Read(_json_lines(path, lines, names), lines.notes)
            return Read(_delimited(path, lines, _SEPARATORS[kind], names), lines.notes)
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


@dataclass
class _Lines:
    """The lines of a file as text, read one after the other: never the whole file at once.

    Lines end as :mod:`csv` wants it: at a line feed, or at a carriage return without one.
    """

    file: IO[bytes]
    room: "_Room"
    replaced: int = 0

    def __iter__(self) -> Iterator[str]:
        read, start = 0, BOM_UTF8
        while line := self.file.readline(self.room.bytes - read + 1):
            read += len(line)
            self.room.check(read)
            text = self._decoded(line.removeprefix(start))
            yield from filter(None, _AFTER_RETURN.split(text)) if "\r" in text else (text,)
            start = b""

    def _decoded(self, line: bytes) -> str:
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError:
            text = line.decode("utf-8", errors="replace")
        self.replaced += text.count(_REPLACEMENT) - line.count(_REPLACEMENT.encode())
        return text

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be told of the lines that were read."""
        if not self.replaced:
            return ()
        return (f"{self.replaced} byte sequences were not UTF-8 and were replaced.",)


@dataclass(frozen=True)
class _Room:
    """How many bytes of tables may be read, and what is said of more."""

    bytes: int
    refused: Exception

    def check(self, read: int) -> None:
        if read > self.bytes:
            raise self.refused


def _room(path: Path, packed: str) -> _Room:
    """Give what may be read of a table; raises ``DataError`` for a plain file that is larger."""
    fitting = _fitting(path)
    if packed and fitting.bytes > MAX_UNPACKED:
        cause = f"it unpacks to more than {MAX_UNPACKED:,} bytes; give it unpacked"
        return _Room(MAX_UNPACKED, OSError(cause))
    if not packed:
        fitting.check(path.stat().st_size)
    return fitting


def _fitting(path: Path) -> _Room:
    free = free_memory()
    return _Room(
        free // MEMORY_A_BYTE,
        DataError(
            f"Expected a table that fits into this machine's memory; {path} has more than "
            f"{free / MEMORY_A_BYTE / 1e9:.1f} GB of text, and {free / 1e9:.1f} GB of memory are "
            "free.\nGive a part of its rows, or free some memory."
        ),
    )


def _delimited(path: Path, lines: _Lines, separator: str, names: Sequence[str]) -> Columns:
    before = csv.field_size_limit(sys.maxsize)  # its 128 KiB would refuse a long text
    try:
        rows = csv.reader(lines, delimiter=separator, strict=True)
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


def _json_lines(path: Path, lines: _Lines, names: Sequence[str]) -> Columns:
    present: dict[str, None] = {}
    columns: Columns = {name: [] for name in names}
    for row in _objects(path, lines):
        present.update(dict.fromkeys(row))
        for name, column in columns.items():
            column.append(row.get(name))
    check_columns(path, names, list(present))
    return columns


def _objects(path: Path, lines: _Lines) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, start=1):
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

    try:
        file, columns = open_parquet(path), dict[str, list[Any]]((n, []) for n in names)
        check_columns(path, names, file.schema_arrow.names)
        _fitting(path).check(_unpacked(file.metadata, names))
        for batch in validated(file.iter_batches(BATCH, columns=list(names))):
            for name, column in columns.items():
                column += batch.column(name).to_pylist()
        return columns
    except (pyarrow.ArrowException, OSError, ValueError) as error:  # also of what is no UTF-8
        cause = next(iter(str(error).splitlines()), type(error).__name__)
        raise _malformed(path, cause.rstrip(".")) from error


def _unpacked(metadata: Any, names: Sequence[str]) -> int:
    """Add up the bytes of a Parquet file's columns as they are before compression."""
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    chunks = (group.column(place) for group in groups for place in range(group.num_columns))
    return sum(c.total_uncompressed_size for c in chunks if c.path_in_schema in names)
