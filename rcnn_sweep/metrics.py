"""Every number that a run records, a row each: what it is, when it is taken, where it is shown.

What Keras compiles, what each epoch and the end of a run record, what a sweep takes for an
objective, what is printed, drawn and compared again: all of it follows from :data:`TABLE`. A new
metric is one function of probabilities and true classes, if there is none yet, and its rows.

>>> find("val_f1_macro").direction
'maximize'
>>> names(shown(Place.TERMINAL))
('train_loss', 'train_accuracy', 'val_loss', 'val_accuracy')
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Literal

import numpy as np

Score = Callable[[np.ndarray, np.ndarray], float]
"""Takes probabilities, float32 ``(n, classes)``, and the true class ids, int32 ``(n,)``."""

SPLITS = ("train", "val", "test")

# keras.backend.epsilon(): Keras clips probabilities to this distance from 0 and 1.
EPSILON = 1e-7


class Kind(Enum):
    """What a number measures: how it is written, and how far another machine may move it."""

    SHARE = "share"
    """0 to 1."""
    LOSS = "loss"
    SECONDS = "seconds"
    COUNT = "count"
    EPOCH = "epoch"
    """One of the epochs, from 1."""

    def text(self, value: float) -> str:
        """Write a number of this kind.

        >>> Kind.SHARE.text(0.88312), Kind.COUNT.text(303935.0)
        ('0.8831', '303,935')
        """
        form = {Kind.SECONDS: ".1f", Kind.COUNT: ",.0f", Kind.EPOCH: ".0f"}.get(self, ".4f")
        return f"{value:{form}}"


class Place(Enum):
    """Where a metric is shown."""

    TERMINAL = "the line of an epoch"
    CLOSING = "the closing lines, of whichever split was judged"
    CURVES = "a run's learning curves, and those of a report"
    TRIALS = "the report's table of trials, beside the objectives"


@dataclass(frozen=True)
class Keras:
    """A metric that Keras takes by itself: ``log`` is its name for ``compile`` and in the logs."""

    log: str


@dataclass(frozen=True)
class Metric:
    """A row of the table.

    ``name`` is recorded; ``train_``, ``val_`` or ``test_`` before it is the split it speaks of.
    ``label`` is written after the split's name, ``about`` is its line in the documentation.
    ``taken`` is a function where a split is judged, Keras's own name for a metric of each epoch,
    or None for what the run measures itself under ``name``. Raises ``ValueError`` for a row that
    could never be taken.
    """

    name: str
    label: str
    about: str
    taken: Score | Keras | None
    kind: Kind
    direction: Literal["maximize", "minimize"] | None = None
    each_epoch: bool = False
    shown: tuple[Place, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.taken, Keras) and not (self.each_epoch and self.split in SPLITS[:2]):
            raise ValueError(f"{self.name}: Keras takes metrics of train and val, each epoch.")
        if callable(self.taken) and self.split not in SPLITS[1:]:
            raise ValueError(f"{self.name}: a function judges val or test.")
        if self.taken is None and self.split is not None:
            raise ValueError(f"{self.name}: what a run measures itself speaks of no split.")
        if self.each_epoch and self.split not in SPLITS[:2]:
            raise ValueError(f"{self.name}: only train and val are looked at each epoch.")

    @property
    def split(self) -> str | None:
        """The split that the number speaks of, None for the run itself."""
        prefix = self.name.partition("_")[0]
        return prefix if prefix in SPLITS else None

    @property
    def short(self) -> str:
        """The name without its split: ``accuracy`` of ``val_accuracy``."""
        return self.name if self.split is None else self.name.partition("_")[2]

    @property
    def log(self) -> str:
        """Its name in the logs that Keras's callbacks see: training's have no prefix there."""
        is_training = self.split == "train"
        return self.taken.log if is_training and isinstance(self.taken, Keras) else self.name


def cross_entropy(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Take the mean of -log p of the true class, with Keras's clipping."""
    chosen = probabilities[np.arange(len(truth)), truth].astype(np.float64)
    return float(-np.log(np.clip(chosen, EPSILON, 1 - EPSILON)).mean())


def accuracy(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Take the share of texts whose most probable class is the true one.

    Of two classes the second needs more than .5, as in Keras's binary accuracy.
    """
    from sklearn.metrics import accuracy_score

    return float(accuracy_score(truth, probabilities.argmax(axis=1)))


def f1_macro(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Take the mean over the classes of F1, 0 for a class that is never predicted."""
    from sklearn.metrics import f1_score

    predicted = probabilities.argmax(axis=1)
    return float(f1_score(truth, predicted, average="macro", zero_division=0))


def f1_micro(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Take F1 over all decisions, which is the accuracy where each text has one class."""
    from sklearn.metrics import f1_score

    predicted = probabilities.argmax(axis=1)
    return float(f1_score(truth, predicted, average="micro", zero_division=0))


def roc_auc(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Take the area under the ROC curve.

    Of three or more classes the macro average of one against the rest; NaN where a class is
    absent from ``truth``.
    """
    from sklearn.metrics import roc_auc_score

    classes = np.arange(probabilities.shape[1])
    if len(np.unique(truth)) < len(classes):
        return float("nan")
    if len(classes) == 2:
        return float(roc_auc_score(truth, probabilities[:, 1]))
    return float(roc_auc_score(truth, probabilities, multi_class="ovr", labels=classes))


def average_precision(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Take the average precision, the area below the steps of the precision-recall curve.

    Of two classes that of the second, of more the macro average of one against the rest; NaN where
    a class is absent from ``truth``.
    """
    from sklearn.metrics import average_precision_score

    classes = np.arange(probabilities.shape[1])
    if len(np.unique(truth)) < len(classes):
        return float("nan")
    if len(classes) == 2:
        return float(average_precision_score(truth, probabilities[:, 1]))
    return float(average_precision_score(truth[:, None] == classes, probabilities))


def brier(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Take the Brier score, the mean squared error of the probabilities, as scikit-learn has it.

    Of two classes that of the second, of more the sum over the classes.
    """
    apart = probabilities.astype(np.float64) - np.eye(probabilities.shape[1])[truth]
    total = float((apart**2).sum(axis=1).mean())
    return total / 2 if probabilities.shape[1] == 2 else total


TABLE: tuple[Metric, ...] = (
    Metric(
        "train_loss",
        "loss",
        "what is minimised, the mean over the epoch's batches while the weights move",
        Keras("loss"),
        Kind.LOSS,
        "minimize",
        each_epoch=True,
        shown=(Place.TERMINAL, Place.CURVES),
    ),
    Metric(
        "train_accuracy",
        "accuracy",
        "Keras's accuracy, over the epoch's batches while the weights move",
        Keras("accuracy"),
        Kind.SHARE,
        "maximize",
        each_epoch=True,
        shown=(Place.TERMINAL, Place.CURVES),
    ),
    Metric(
        "val_loss",
        "loss",
        "the cross-entropy of the validation texts, without smoothing or class weights",
        Keras("loss"),
        Kind.LOSS,
        "minimize",
        each_epoch=True,
        shown=(Place.TERMINAL, Place.CURVES, Place.TRIALS),
    ),
    Metric(
        "val_accuracy",
        "accuracy",
        "Keras's accuracy on the validation texts",
        Keras("accuracy"),
        Kind.SHARE,
        "maximize",
        each_epoch=True,
        shown=(Place.TERMINAL, Place.CURVES),
    ),
    Metric(
        "val_f1_macro",
        "F1 (macro)",
        "the mean over the classes of F1",
        f1_macro,
        Kind.SHARE,
        "maximize",
        each_epoch=True,
        shown=(Place.TRIALS,),
    ),
    Metric("val_f1_micro", "F1 (micro)", "F1 over all decisions", f1_micro, Kind.SHARE, "maximize"),
    Metric(
        "val_average_precision",
        "average precision",
        "the area below the precision-recall curve, of three or more classes one against the rest",
        average_precision,
        Kind.SHARE,
        "maximize",
    ),
    Metric(
        "val_brier",
        "Brier score",
        "the mean squared error of the probabilities",
        brier,
        Kind.LOSS,
        "minimize",
    ),
    # In the order of the notebook's closing lines.
    Metric(
        "test_accuracy",
        "accuracy",
        "the share of texts whose most probable class is the true one",
        accuracy,
        Kind.SHARE,
        "maximize",
        shown=(Place.CLOSING,),
    ),
    Metric(
        "test_loss",
        "loss",
        "the mean cross-entropy, with Keras's clipping",
        cross_entropy,
        Kind.LOSS,
        "minimize",
        shown=(Place.CLOSING,),
    ),
    Metric(
        "test_f1_macro",
        "F1 (macro)",
        "the mean over the classes of F1",
        f1_macro,
        Kind.SHARE,
        "maximize",
        shown=(Place.CLOSING,),
    ),
    Metric(
        "test_f1_micro",
        "F1 (micro)",
        "F1 over all decisions",
        f1_micro,
        Kind.SHARE,
        "maximize",
        shown=(Place.CLOSING,),
    ),
    Metric(
        "test_roc_auc",
        "ROC area",
        "the area under the ROC curve, of three or more classes one against the rest",
        roc_auc,
        Kind.SHARE,
        "maximize",
    ),
    Metric(
        "test_average_precision",
        "average precision",
        "the area below the precision-recall curve, of three or more classes one against the rest",
        average_precision,
        Kind.SHARE,
        "maximize",
    ),
    Metric(
        "test_brier",
        "Brier score",
        "the mean squared error of the probabilities",
        brier,
        Kind.LOSS,
        "minimize",
    ),
    Metric(
        "best_epoch", "best epoch", "the epoch with the best training.monitor", None, Kind.EPOCH
    ),
    Metric("parameters", "parameters", "the network's weights", None, Kind.COUNT, "minimize"),
    Metric(
        "fit_seconds",
        "seconds of fitting",
        "fitting, with the look at the validation texts after each epoch",
        None,
        Kind.SECONDS,
        "minimize",
    ),
    Metric(
        "total_seconds",
        "seconds in all",
        "from the record's start to its last number",
        None,
        Kind.SECONDS,
        "minimize",
    ),
)
"""All metrics, as they are printed: in the order of the splits, Keras's loss first."""


def each_epoch(split: str | None = None) -> tuple[Metric, ...]:
    """Give what is taken at each epoch, of ``split`` or of all."""
    return tuple(m for m in TABLE if m.each_epoch and split in (None, m.split))


def final() -> tuple[Metric, ...]:
    """Give what is taken once, at a run's end."""
    return tuple(m for m in TABLE if not m.each_epoch)


def shown(place: Place) -> tuple[Metric, ...]:
    """Give what is shown at ``place``."""
    return tuple(m for m in TABLE if place in m.shown)


def names(metrics: Iterable[Metric]) -> tuple[str, ...]:
    """Give the recorded names."""
    return tuple(m.name for m in metrics)


def find(name: str) -> Metric | None:
    """Give the row of a recorded name, None for a name that is not of this table."""
    return next((m for m in TABLE if m.name == name), None)


def compiled() -> tuple[str, ...]:
    """Name what a network is compiled with; its loss is logged without that."""
    logs = dict.fromkeys(m.taken.log for m in TABLE if isinstance(m.taken, Keras))
    return tuple(log for log in logs if log != "loss")


def scores() -> dict[str, Score]:
    """Give the functions that judge a split, by their names without one."""
    return {m.short: m.taken for m in TABLE if callable(m.taken)}
