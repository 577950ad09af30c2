"""Train and judge: TensorFlow's start, fitting, evaluation, the experiment, the plain reference."""

from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy
from rcnn_sweep.training.runtime import device, seed_everything, start_tensorflow

if TYPE_CHECKING:
    from rcnn_sweep.training.batching import batches
    from rcnn_sweep.training.experiment import perform
    from rcnn_sweep.training.fitting import build_model
    from rcnn_sweep.training.reference import train_reference

__all__ = [
    "batches",
    "build_model",
    "device",
    "perform",
    "seed_everything",
    "start_tensorflow",
    "train_reference",
]

if not TYPE_CHECKING:
    __getattr__ = lazy(__name__)
