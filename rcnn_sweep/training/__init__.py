"""Train and judge: TensorFlow's start, fitting, evaluation, the experiment, plain references."""

from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy
from rcnn_sweep.training.runtime import device, seed_everything, start_tensorflow

if TYPE_CHECKING:
    from rcnn_sweep.training.batching import batches
    from rcnn_sweep.training.experiment import perform
    from rcnn_sweep.training.fitting import build_model
    from rcnn_sweep.training.predictions import Predictions
    from rcnn_sweep.training.reference import Reference, train_references
    from rcnn_sweep.training.reference_models import REFERENCES

__all__ = [
    "REFERENCES",
    "Predictions",
    "Reference",
    "batches",
    "build_model",
    "device",
    "perform",
    "seed_everything",
    "start_tensorflow",
    "train_references",
]

if not TYPE_CHECKING:
    __getattr__ = lazy(__name__)
