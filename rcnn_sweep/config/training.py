"""How the network is fitted: the options and their rules."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rcnn_sweep import rules
from rcnn_sweep.network import OPTIMIZERS, SCHEDULES

KEEP = ("last", "best")
CLASS_WEIGHTS = (None, "balanced")

# keras.utils.set_random_seed seeds NumPy, which takes 32 bits.
HIGHEST_SEED = 2**32 - 1


@dataclass
class TrainingConfig:
    """How the network is fitted. ``learning_rate`` 0.001 is Adam's default in Keras.

    ``bucket_width`` (a number of ids) pads each text to the next multiple of it, at most
    ``data.maxlen``, and makes batches of texts that are padded alike; None pads all to
    ``data.maxlen``, as the notebook does. ``keep`` says whether the network of the last or of the
    best epoch is what is judged and recorded, ``monitor`` by which validation metric an epoch is
    the best, and ``patience`` after how many epochs without a better one training stops.

    ``schedule`` is how the learning rate goes from ``learning_rate``: "constant", or "cosine" to 0
    over ``schedule_epochs`` (None: ``epochs``), which are more than ``epochs`` where a training
    that was cut short is repeated. ``ema`` is the momentum of a moving average of the weights, 0
    to 1, over no more batches than an epoch has: the averaged network is what is validated, kept
    and recorded; None takes none.
    ``clipnorm`` is the largest norm that each weight's gradient keeps. ``label_smoothing`` and
    ``class_weights`` change what is minimised (and so ``train_loss``), never a validation metric:
    "balanced" weighs a text of class ``c`` with ``n / (classes * n_c)``, scikit-learn's rule.
    """

    batch_size: int = 64
    epochs: int = 4
    optimizer: str = "adam"
    learning_rate: float = 0.001
    seed: int = 0
    deterministic: bool = True
    bucket_width: int | None = None
    keep: str = "last"
    monitor: str = "val_loss"
    patience: int | None = None
    schedule: str = "constant"
    schedule_epochs: int | None = None
    ema: float | None = None
    clipnorm: float | None = None
    label_smoothing: float = 0.0
    class_weights: str | None = None


def selects(training: TrainingConfig) -> bool:
    """Say whether the validation split decides which epoch's network is the result."""
    return training.keep == "best" or training.patience is not None


def shortened(training: TrainingConfig, epochs: int) -> TrainingConfig:
    """Give ``training`` that ends after ``epochs`` epochs, with the same learning rates in them."""
    if epochs == training.epochs or training.schedule == "constant":
        return replace(training, epochs=epochs)
    return replace(training, epochs=epochs, schedule_epochs=scheduled_epochs(training))


def scheduled_epochs(training: TrainingConfig) -> int:
    """Give over how many epochs the schedule goes."""
    given = training.schedule_epochs
    return training.epochs if given is None else given


def problems(training: TrainingConfig) -> Iterator[str]:
    """Say which values cannot work."""
    from rcnn_sweep.metrics import each_epoch, names  # NumPy, which a typo need not wait for

    yield from rules.one_of("training.keep", training.keep, KEEP)
    yield from rules.one_of("training.monitor", training.monitor, names(each_epoch("val")))
    yield from rules.at_least("training.patience", training.patience, 1)
    yield from rules.one_of("training.optimizer", training.optimizer, tuple(OPTIMIZERS))
    yield from rules.at_least("training.batch_size", training.batch_size, 1)
    yield from rules.at_least("training.epochs", training.epochs, 1)
    yield from rules.at_least("training.bucket_width", training.bucket_width, 1)
    yield from rules.at_least("training.seed", training.seed, 0, HIGHEST_SEED)
    yield from rules.one_of("training.schedule", training.schedule, SCHEDULES)
    yield from rules.rate("training.label_smoothing", training.label_smoothing)
    yield from rules.one_of("training.class_weights", training.class_weights, CLASS_WEIGHTS)
    if training.ema is not None:
        yield from rules.fraction("training.ema", training.ema)
    if scheduled_epochs(training) < training.epochs:
        yield (
            f"training.schedule_epochs: expected at least training.epochs={training.epochs}, since "
            f"nothing is learned after it; received {training.schedule_epochs}."
        )
    for key, value, told in (
        ("learning_rate", training.learning_rate, " (Keras's default is 0.001)"),
        ("clipnorm", training.clipnorm, ", or null"),
    ):
        if value is not None and not 0 < value < float("inf"):
            yield f"training.{key}: expected a finite number above 0{told}; received {value}."
