"""Train and judge: TensorFlow's start, fitting, evaluation, the experiment, the plain reference."""

from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy
from rcnn_sweep.training.runtime import device, seed_everything, start_tensorflow

if TYPE_CHECKING:
    from rcnn_sweep.training.evaluation import Evaluation, evaluate
    from rcnn_sweep.training.experiment import perform
    from rcnn_sweep.training.fitting import History, NotFinite, batches, build_model, fit, predict
    from rcnn_sweep.training.reference import Reference, train_reference

__all__ = [
    "Evaluation",
    "History",
    "NotFinite",
    "Reference",
    "batches",
    "build_model",
    "device",
    "evaluate",
    "fit",
    "perform",
    "predict",
    "seed_everything",
    "start_tensorflow",
    "train_reference",
]

__getattr__ = lazy(__name__)
