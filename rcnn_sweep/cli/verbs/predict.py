"""``predict``: labels and probabilities for raw texts, by a logged model."""

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from rich.console import Console
from rich.progress import Progress, TaskID

from rcnn_sweep.cli.verbs.arguments import Arguments
from rcnn_sweep.errors import UserError
from rcnn_sweep.prediction import (
    FORMATS,
    Answer,
    Columns,
    Entry,
    Format,
    Reading,
    Texts,
    arguments,
    arriving,
    batches,
    destination,
    format_for,
    from_file,
)
from rcnn_sweep.process import printable
from rcnn_sweep.tracking import CHAMPION

if TYPE_CHECKING:
    from rcnn_sweep.api import Model

MODEL = f"models:/..., runs:/..., a run's id or a folder; its code is run (default: {CHAMPION})"

OUTPUT = "default: standard output; .csv and .jsonl keep the table's columns and add to them"

FORMULAS = "CSV: put ' before texts and labels that a spreadsheet would compute"

OPTIONS: dict[str, dict[str, Any]] = {
    "texts": {"nargs": "*", "metavar": "TEXT", "help": "default: standard input, one a line"},
    "--file": {"type": Path, "metavar": "F", "help": "one text a line, or a table"},
    "--text-column": {"metavar": "NAME", "help": "the table's column of texts (default: text)"},
    "--model": {"default": CHAMPION, "metavar": "URI", "help": MODEL},
    "--tracking-uri": {"metavar": "URI", "help": "default: MLFLOW_TRACKING_URI, else mlflow.db"},
    "--format": {"choices": FORMATS, "help": "default: that of --output's suffix, else text"},
    "--escape-formulas": {"action": "store_true", "help": FORMULAS},
    "--output": {"type": Path, "metavar": "FILE", "help": OUTPUT},
}


def main(words: Sequence[str]) -> None:
    """Do ``predict [--model URI] [TEXT ...]``."""
    given = parser().parse_args(words)
    try:
        predict(given)
    except BrokenPipeError:  # the reader has seen enough: | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def parser() -> Arguments:
    """Give the parser of the verb's arguments."""
    parser = Arguments("predict", "Give a label and its probability for each text.")
    for flags, settings in OPTIONS.items():
        parser.add_argument(flags, **settings)
    return parser


def _texts(given: Namespace, reading: Reading) -> Texts:
    if given.texts and given.file:
        raise UserError("predict: expected TEXT or --file; received both.")
    if given.text_column and not given.file:
        raise UserError("--text-column: expected a table, --file F; received none.")
    if given.file:
        return from_file(given.file, given.text_column, reading)
    if given.texts:
        return arguments(given.texts)
    if sys.stdin.isatty():
        print("One text a line; Ctrl-D ends.", file=sys.stderr)
    return arriving(sys.stdin.fileno(), "standard input")


def predict(given: Namespace) -> None:
    """Answer batch by batch; without any text, load no model and write nothing.

    What is no answer, the model's name and a bar on a terminal, goes to standard error.
    """
    reading = Reading()
    texts = _texts(given, reading)
    form = format_for(given.format, given.output, escape_formulas=given.escape_formulas)
    with destination(given.output) as output, bar(reading) as advance:
        writer: Writer | None = None
        for batch in batches(texts):
            if writer is None:
                writer = _begun(given, form, batch[0], output)
            writer.write(batch)
            advance()


@dataclass(frozen=True)
class Writer:
    """A model and where its answers go."""

    model: "Model"
    form: Format
    columns: Columns
    output: BinaryIO

    def write(self, batch: Sequence[Entry]) -> None:
        """Answer the texts of a batch."""
        found = self.model.answer([entry.text for entry in batch])
        answers = [Answer(*answer) for answer in zip(*found, strict=True)]
        self.output.write(self.form.rows(self.columns, batch, answers))
        self.output.flush()


def _begun(given: Namespace, form: Format, first: Entry, output: BinaryIO) -> Writer:
    """Load and name the model, and begin the answers by the columns of the ``first`` text's row."""
    from rcnn_sweep.api import load_model

    model = load_model(given.model, tracking_uri=given.tracking_uri)
    print(printable(f"answers by {model.about}"), file=sys.stderr)
    columns = Columns(tuple(first.cells), model.classes)
    output.write(form.head(columns).encode())
    for asked, name in columns.renamed if form is not FORMATS["text"] else ():
        told = f"there is a column {asked} already: the answers' own is {name}"
        print(printable(told), file=sys.stderr)
    return Writer(model, form, columns, output)


@contextmanager
def bar(reading: Reading) -> Iterator[Callable[[], None]]:
    """Show on a terminal how far a file is read that takes more than a batch.

    Gives what is to be called after each batch.
    """
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task: list[TaskID] = []

        def advance() -> None:
            if not task and reading.done < reading.total:
                task.append(progress.add_task("labelled", total=reading.total))
            if task:
                progress.update(task[0], completed=reading.done)

        yield advance
