"""Where texts come from: the command line, a file, or a pipe. Nothing is read ahead of need."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from rcnn_sweep.errors import UserError
from rcnn_sweep.prediction.columns import (
    Entry,
    Reading,
    delimited,
    json_lines,
    parquet,
    text_of,
)
from rcnn_sweep.prediction.lines import decoded, lines_arriving, lines_of

BATCH_TEXTS = 2048
BATCH_CHARACTERS = 1 << 24
SEPARATORS = {".csv": ",", ".tsv": "\t"}
JSON_LINES = {".jsonl", ".ndjson", ".json"}
TABLES = {*SEPARATORS, *JSON_LINES, ".parquet"}

Texts = Iterator[Entry | None]
"""Texts in order, in their rows. None says that no more is to be had at the moment."""


def batches(texts: Iterable[Entry | None]) -> Iterator[list[Entry]]:
    """Give texts in lists of at most :data:`BATCH_TEXTS`, none longer in all than memory bears."""
    batch: list[Entry] = []
    size = 0
    for entry in texts:
        if entry is not None:
            batch.append(entry)
            size += len(entry.text)
        if batch and (entry is None or len(batch) >= BATCH_TEXTS or size >= BATCH_CHARACTERS):
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def arguments(words: Sequence[str]) -> Texts:
    """Give the texts of a command line; raises :class:`UserError` where one is not UTF-8."""
    for place, word in enumerate(words, start=1):
        yield _alone(text_of(word, f"TEXT {place}"))


def arriving(descriptor: int, name: str) -> Texts:
    """Give one text a line from a pipe, a terminal or a file; an empty line is an empty text."""
    for line in decoded(lines_arriving(descriptor), name):
        yield None if line is None else _alone(line.rstrip("\r\n"))


def _alone(text: str) -> Entry:
    """Give a text that stands in no table: a row of one column."""
    return Entry(text, {"text": text})


def from_file(path: Path, column: str | None, reading: Reading | None = None) -> Texts:
    """Give the texts of a file: of a table's ``column`` (None: text), else one text a line.

    ``reading`` is told how far it has come.

    The suffix tells: .csv, .tsv, .jsonl, .ndjson, .json (one object a line) and .parquet are
    tables. Raises :class:`UserError`, naming file and line, for what cannot be read.
    """
    suffix, reading = path.suffix.lower(), reading or Reading()
    if column is not None and suffix not in TABLES:
        raise UserError(
            f"--text-column: expected a table ({', '.join(sorted(TABLES))}); received {path}.\n"
            "Leave it out for one text a line, or rename the file."
        )
    try:
        if suffix == ".parquet":
            yield from parquet(path, column or "text", reading)
            return
        with path.open("rb") as stream:
            reading.total = path.stat().st_size
            yield from _from_stream(path, stream, column or "text", reading)
    except OSError as error:
        cause = os.strerror(error.errno) if error.errno else str(error)
        raise UserError(f"--file: expected a readable file; {path}: {cause}.") from error


def _from_stream(path: Path, stream: BinaryIO, column: str, reading: Reading) -> Texts:
    suffix = path.suffix.lower()
    raw = _counted(lines_of(stream), reading)
    lines = (line for line in decoded(raw, str(path)) if line is not None)
    if suffix in SEPARATORS:
        return delimited(path, lines, column, SEPARATORS[suffix])
    if suffix in JSON_LINES:
        return json_lines(path, lines, column)
    return (_alone(line.rstrip("\r\n")) for line in lines)


def _counted(lines: Iterable[bytes], reading: Reading) -> Iterator[bytes]:
    for line in lines:
        reading.done += len(line)
        yield line
