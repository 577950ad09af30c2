"""How long to train where no validation split is left to decide it."""

from dataclasses import replace

from rcnn_sweep.config import TrainingConfig, shortened
from rcnn_sweep.tracking import RunReader


def decided_epochs(training: TrainingConfig, run_id: str, reader: RunReader) -> int | None:
    """Give the number of epochs behind the result of a complete run.

    None where its validation split had no say in that: ``training.epochs`` holds.
    """
    if training.keep == "best":
        return int(reader.run(run_id).metrics["best_epoch"])
    if training.patience is not None:
        return reader.history(run_id, "train_loss")[-1][0]
    return None


def of_fixed_length(training: TrainingConfig, epochs: int | None) -> TrainingConfig:
    """Give ``training`` without any selection of an epoch, ``epochs`` long (None: as it says)."""
    length = training.epochs if epochs is None else epochs
    return replace(shortened(training, length), keep="last", patience=None)
