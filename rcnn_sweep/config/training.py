"""How the network is fitted: the options and their rules."""

from collections.abc import Iterator
from dataclasses import dataclass

from rcnn_sweep import rules
from rcnn_sweep.network import OPTIMIZERS

KEEP = ("last", "best")

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


def selects(training: TrainingConfig) -> bool:
    """Say whether the validation split decides which epoch's network is the result."""
    return training.keep == "best" or training.patience is not None


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
    if not 0 < training.learning_rate < float("inf"):
        yield (
            "training.learning_rate: expected a finite number above 0 (Keras's default is "
            f"0.001); received {training.learning_rate}."
        )
