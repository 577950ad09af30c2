"""Texts in, labels and probabilities out, batch by batch: ``python -m rcnn_sweep predict``."""

from rcnn_sweep.prediction.answers import FORMATS, destination, format_for
from rcnn_sweep.prediction.texts import arguments, arriving, batches, from_file

__all__ = [
    "FORMATS",
    "arguments",
    "arriving",
    "batches",
    "destination",
    "format_for",
    "from_file",
]
