"""Answers as lines for people, as CSV and as JSON lines; where they go."""

import csv
import io
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from rcnn_sweep.errors import UserError
from rcnn_sweep.prediction.columns import Entry
from rcnn_sweep.process import replacing

SHOWN_CHARACTERS = 60
_UNSHOWN = re.compile(r"[^\x21-\x7e\xa1-\uffff\U00010000-\U0010ffff]+")


ADDED = ("label", "probability")
OWN = "predicted_"
"""Stands before the name of an added column that the input has already."""


@dataclass(frozen=True)
class Columns:
    """The columns of a table of answers: those ``given``, then the added ones.

    Added are label, probability and, a column each, the probabilities of ``classes``.

    >>> Columns(("text", "label"), ("bad", "good")).added
    ('predicted_label', 'probability', 'bad', 'good')
    """

    given: tuple[str, ...]
    classes: tuple[str, ...] = ()

    @property
    def asked(self) -> tuple[str, ...]:
        """The names of the added columns where no other has them."""
        return (*ADDED, *self.classes)

    @cached_property
    def added(self) -> tuple[str, ...]:
        """The names of the added columns, none of them twice."""
        taken = set(self.given)
        names = []
        for name in self.asked:
            while name in taken:
                name = OWN + name
            taken.add(name)
            names.append(name)
        return tuple(names)

    @property
    def renamed(self) -> list[tuple[str, str]]:
        """The names of added columns that are taken already, and what they are called instead."""
        pairs = zip(self.asked, self.added, strict=True)
        return [(asked, name) for asked, name in pairs if asked != name]


@dataclass(frozen=True)
class Answer:
    """What a model says of one text; ``classes`` are the probabilities of all, in their order."""

    label: str
    probability: float
    classes: tuple[float, ...] = ()

    @property
    def cells(self) -> tuple[str | float, ...]:
        """The cells of the added columns."""
        return (self.label, self.probability, *self.classes)


@dataclass(frozen=True)
class Format:
    """How answers are written: ``head`` once before the first, ``row`` for each."""

    head: Callable[[Columns], str]
    row: Callable[[Columns, Entry, Answer], str]

    def rows(self, columns: Columns, entries: Sequence[Entry], answers: Sequence[Answer]) -> bytes:
        """Give the answers to a batch of texts as UTF-8."""
        pairs = zip(entries, answers, strict=True)
        return "".join(self.row(columns, *pair) for pair in pairs).encode()


def _no_head(columns: Columns) -> str:
    return ""


def _text_row(columns: Columns, entry: Entry, answer: Answer) -> str:
    return f"{_line(answer.label)}\t{answer.probability:.4f}\t{_line(entry.text)}\n"


def _line(text: str) -> str:
    """Give the beginning of ``text`` as one line that does nothing to a terminal."""
    line = _UNSHOWN.sub(" ", text[: 4 * SHOWN_CHARACTERS]).strip()
    is_whole = len(line) <= SHOWN_CHARACTERS and len(text) <= 4 * SHOWN_CHARACTERS
    return line if is_whole else f"{line[: SHOWN_CHARACTERS - 1]}…"


def _csv(cells: Iterable[object]) -> str:
    row = io.StringIO()
    csv.writer(row, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n").writerow(cells)
    return row.getvalue()


def _csv_head(columns: Columns) -> str:
    return _csv((*columns.given, *columns.added))


def _csv_row(columns: Columns, entry: Entry, answer: Answer) -> str:
    return _csv((*_kept(columns, entry), *answer.cells))


def _kept(columns: Columns, entry: Entry) -> Iterator[object]:
    """Give the cells of the input's columns, empty where a row of JSON lacks one."""
    if not entry.cells.keys() <= set(columns.given):
        more = sorted(entry.cells.keys() - set(columns.given))
        raise UserError(
            f"--format csv: expected the columns {', '.join(columns.given)} in each row; received "
            f"one with {', '.join(more)}, too.\nWrite JSON lines: --format jsonl."
        )
    for name in columns.given:
        value = entry.cells.get(name, "")
        yield json.dumps(value, default=str) if isinstance(value, dict | list) else value


def _escaped_head(columns: Columns) -> str:
    return _csv(map(_inert, (*columns.given, *columns.added)))


def _escaped_row(columns: Columns, entry: Entry, answer: Answer) -> str:
    return _csv(map(_inert, (*_kept(columns, entry), *answer.cells)))


def _inert(cell: object) -> object:
    """Give ``cell`` so that a spreadsheet shows it: these beginnings make it compute."""
    is_formula = isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    return f"'{cell}" if is_formula else cell


def _json_row(columns: Columns, entry: Entry, answer: Answer) -> str:
    own = Columns(tuple(entry.cells), columns.classes)
    row = {**entry.cells, **dict(zip(own.added, answer.cells, strict=True))}
    return json.dumps(row, ensure_ascii=False, default=str) + "\n"


FORMATS = {
    "text": Format(_no_head, _text_row),
    "csv": Format(_csv_head, _csv_row),
    "jsonl": Format(_no_head, _json_row),
}

SPREADSHEET = Format(_escaped_head, _escaped_row)
"""CSV whose cells no spreadsheet computes: an apostrophe is before those it would."""


def format_for(name: str | None, output: Path | None, *, escape_formulas: bool = False) -> Format:
    """Give the named format; without a name the one of the file's suffix, else lines of text.

    Raises :class:`UserError` where ``escape_formulas`` is asked of another format than CSV.
    """
    suffix = output.suffix.lower().lstrip(".") if output else ""
    chosen = name or (suffix if suffix in FORMATS else "text")
    if escape_formulas and chosen != "csv":
        raise UserError(
            f"--escape-formulas: expected --format csv; received {chosen}.\n"
            "Only a spreadsheet computes cells: leave it out, or write CSV."
        )
    return SPREADSHEET if escape_formulas else FORMATS[chosen]


@contextmanager
def destination(path: Path | None) -> Iterator[BinaryIO]:
    """Give the stream that answers go to: standard output, or a file.

    A file takes its place when the block has ended well, whole or not at all. Raises
    :class:`UserError` where it cannot be written.
    """
    if path is None:
        yield sys.stdout.buffer
        return
    if path.exists() and not path.is_file():  # a pipe or a device
        with path.open("wb") as device:
            yield device
        return
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(replacing(path))
        except OSError as error:
            raise UserError(
                f"--output: expected a writable folder; {path.parent}: {error.strerror}.\n"
                "Mend that, or name another file."
            ) from error
        yield stream
