"""``predict``: labels and probabilities for raw texts, by a logged model."""

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rcnn_sweep.cli.verbs.arguments import Arguments
from rcnn_sweep.errors import UserError
from rcnn_sweep.prediction import (
    FORMATS,
    arguments,
    arriving,
    batches,
    destination,
    format_for,
    from_file,
)
from rcnn_sweep.tracking import CHAMPION

if TYPE_CHECKING:
    from rcnn_sweep.api import Model
    from rcnn_sweep.prediction.texts import Texts

MODEL = f"models:/..., runs:/..., a run's id or a folder; its code is run (default: {CHAMPION})"

FORMULAS = "CSV: put ' before texts and labels that a spreadsheet would compute"

OPTIONS: dict[str, dict[str, Any]] = {
    "texts": {"nargs": "*", "metavar": "TEXT", "help": "default: standard input, one a line"},
    "--file": {"type": Path, "metavar": "F", "help": "one text a line, or a table"},
    "--text-column": {"metavar": "NAME", "help": "the table's column of texts (default: text)"},
    "--model": {"default": CHAMPION, "metavar": "URI", "help": MODEL},
    "--tracking-uri": {"metavar": "URI", "help": "default: MLFLOW_TRACKING_URI, else mlflow.db"},
    "--format": {"choices": FORMATS, "help": "default: that of --output's suffix, else text"},
    "--escape-formulas": {"action": "store_true", "help": FORMULAS},
    "--output": {"type": Path, "metavar": "FILE", "help": "default: standard output"},
}


def main(words: Sequence[str]) -> None:
    """Do ``predict [--model URI] [TEXT ...]``."""
    given = parser().parse_args(words)
    try:
        predict(given, _texts(given))
    except BrokenPipeError:  # the reader has seen enough: | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def parser() -> Arguments:
    """Give the parser of the verb's arguments."""
    parser = Arguments("predict", "Give a label and its probability for each text.")
    for flags, settings in OPTIONS.items():
        parser.add_argument(flags, **settings)
    return parser


def _texts(given: Namespace) -> "Texts":
    if given.texts and given.file:
        raise UserError("predict: expected TEXT or --file; received both.")
    if given.text_column and not given.file:
        raise UserError("--text-column: expected a table, --file F; received none.")
    if given.file:
        return from_file(given.file, given.text_column)
    if given.texts:
        return arguments(given.texts)
    if sys.stdin.isatty():
        print("One text a line; Ctrl-D ends.", file=sys.stderr)
    return arriving(sys.stdin.fileno(), "standard input")


def predict(given: Namespace, texts: "Texts") -> None:
    """Answer batch by batch; without any text, load no model and write nothing."""
    from rcnn_sweep.api import load_model

    form = format_for(given.format, given.output, escape_formulas=given.escape_formulas)
    model: Model | None = None
    with destination(given.output) as output:
        for batch in batches(texts):
            if model is None:
                model = load_model(given.model, tracking_uri=given.tracking_uri)
                output.write(form.header.encode())
            output.write(form.rows(batch, *model.answer(batch)))
            output.flush()
