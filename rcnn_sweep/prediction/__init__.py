"""Texts in, labels and probabilities out, batch by batch: ``python -m rcnn_sweep predict``."""

from rcnn_sweep.prediction.answers import FORMATS, Answer, Columns, Format, destination, format_for
from rcnn_sweep.prediction.columns import Entry, Reading
from rcnn_sweep.prediction.texts import Texts, arguments, arriving, batches, from_file

__all__ = [
    "FORMATS",
    "Answer",
    "Columns",
    "Entry",
    "Format",
    "Reading",
    "Texts",
    "arguments",
    "arriving",
    "batches",
    "destination",
    "format_for",
    "from_file",
]
