"""Answers as lines for people, as CSV and as JSON lines; where they go."""

import csv
import io
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from rcnn_sweep.errors import UserError
from rcnn_sweep.process import replacing

SHOWN_CHARACTERS = 60
_UNSHOWN = re.compile(r"[^\x21-\x7e\xa1-\uffff\U00010000-\U0010ffff]+")


@dataclass(frozen=True)
class Format:
    """How answers are written: ``header`` once before the first, ``row`` for each.

    ``row`` takes label, probability and text.
    """

    header: str
    row: Callable[[str, float, str], str]

    def rows(
        self, texts: Sequence[str], labels: Sequence[str], probabilities: Sequence[float]
    ) -> bytes:
        """Give the answers to a batch of texts as UTF-8."""
        rows = zip(labels, probabilities, texts, strict=True)
        return "".join(self.row(*row) for row in rows).encode()


def _text_row(label: str, probability: float, text: str) -> str:
    return f"{_line(label)}\t{probability:.4f}\t{_line(text)}\n"


def _line(text: str) -> str:
    """Give the beginning of ``text`` as one line that does nothing to a terminal."""
    line = _UNSHOWN.sub(" ", text[: 4 * SHOWN_CHARACTERS]).strip()
    is_whole = len(line) <= SHOWN_CHARACTERS and len(text) <= 4 * SHOWN_CHARACTERS
    return line if is_whole else f"{line[: SHOWN_CHARACTERS - 1]}…"


def _csv_row(label: str, probability: float, text: str) -> str:
    row = io.StringIO()
    csv.writer(row, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n").writerow(
        [label, probability, text]
    )
    return row.getvalue()


def _escaped_row(label: str, probability: float, text: str) -> str:
    return _csv_row(_inert(label), probability, _inert(text))


def _inert(cell: str) -> str:
    """Give ``cell`` so that a spreadsheet shows it: these beginnings make it compute."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else cell


def _json_row(label: str, probability: float, text: str) -> str:
    answer = {"label": label, "probability": probability, "text": text}
    return json.dumps(answer, ensure_ascii=False) + "\n"


FORMATS = {
    "text": Format("", _text_row),
    "csv": Format("label,probability,text\n", _csv_row),
    "jsonl": Format("", _json_row),
}


SPREADSHEET = Format(FORMATS["csv"].header, _escaped_row)
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
