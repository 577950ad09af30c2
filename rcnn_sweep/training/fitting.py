"""Fit the network to a dataset, epoch by epoch, telling each epoch's metrics as it ends."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import keras
import numpy as np
import tensorflow as tf

from rcnn_sweep import network
from rcnn_sweep.config import Config, TrainingConfig
from rcnn_sweep.data import Split
from rcnn_sweep.rcnn_text_model import class_probabilities

# Larger batches change no number of an evaluation and take less time (1.25 s against 1.57 s
# for 6,400 reviews at 64 on two cores).
EVALUATION_BATCH_SIZE = 512

OnEpoch = Callable[[int, Mapping[str, float]], None]

NAMES = {
    "loss": "train_loss",
    "accuracy": "train_accuracy",
    "val_loss": "val_loss",
    "val_accuracy": "val_accuracy",
}


class NotFinite(ArithmeticError):
    """The loss became NaN or infinite: the run cannot give a result."""


@dataclass
class History:
    """Per-epoch metrics under their recorded names, and the seconds that fitting took."""

    epochs: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0

    def series(self, name: str) -> list[float]:
        """Give one metric over the epochs."""
        return [epoch[name] for epoch in self.epochs]


def build_model(config: Config, *, classes: int) -> keras.Model:
    """Build and compile the network that ``config`` describes, for ``classes`` classes."""
    training = config.training
    return network.build(
        config,
        num_words=config.data.num_words,
        maxlen=config.data.maxlen,
        classes=classes,
        optimizer=network.optimizer(training.optimizer, training.learning_rate),
    )


def batches(split: Split, batch_size: int, *, shuffle_seed: int | None = None) -> tf.data.Dataset:
    """Give ``(ids, labels)`` batches, int32 of shape ``(batch, maxlen)`` and ``(batch,)``.

    Rows are gathered from the memory-mapped arrays batch by batch, so no process copies the
    set. Autotuning is off: with it, TensorFlow 2.21 sleeps up to seconds whenever the pipeline
    of a finished epoch is torn down.
    """

    def gather(positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows = split.rows[positions]
        return split.x[rows].astype(np.int32), split.y[rows].astype(np.int32)

    def shaped(positions: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        x, y = tf.numpy_function(gather, [positions], [tf.int32, tf.int32], stateful=False)
        return tf.ensure_shape(x, (None, split.x.shape[1])), tf.ensure_shape(y, (None,))

    positions = tf.data.Dataset.range(len(split))
    if shuffle_seed is not None:
        positions = positions.shuffle(len(split), seed=shuffle_seed)
    options = tf.data.Options()
    options.autotune.enabled = False
    return positions.batch(batch_size).map(shaped).prefetch(1).with_options(options)


def fit(
    model: keras.Model,
    train: Split,
    validation: Split,
    training: TrainingConfig,
    *,
    on_epoch: OnEpoch,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> History:
    """Fit ``model`` and give its history; ``on_epoch(step, metrics)`` is told each epoch from 1.

    What ``on_epoch`` raises ends the fit and reaches the caller. Raises :class:`NotFinite` when
    the training loss is NaN or infinite at the end of an epoch.
    """
    history = History()
    teller = _Teller(history, on_epoch)
    started = time.perf_counter()
    try:
        model.fit(
            batches(train, training.batch_size, shuffle_seed=training.seed),
            epochs=training.epochs,
            validation_data=batches(validation, EVALUATION_BATCH_SIZE),
            callbacks=[*callbacks, teller],
            shuffle=False,  # the pipeline does it
            verbose=0,
        )
    finally:
        history.seconds = time.perf_counter() - started
    return history


class _Teller(keras.callbacks.Callback):
    def __init__(self, history: History, on_epoch: OnEpoch) -> None:
        super().__init__()
        self._history = history
        self._on_epoch = on_epoch

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        metrics = {NAMES[name]: float(value) for name, value in (logs or {}).items()}
        if not np.isfinite(metrics["train_loss"]):
            raise NotFinite(
                f"train_loss is {metrics['train_loss']} after epoch {epoch + 1}: "
                "a lower training.learning_rate usually helps"
            )
        self._history.epochs.append(metrics)
        self._on_epoch(epoch + 1, metrics)


def predict(model: keras.Model, split: Split) -> np.ndarray:
    """Give the probabilities of every class, float32 of shape ``(len(split), classes)``."""
    outputs = [model.predict_on_batch(ids) for ids, _ in batches(split, EVALUATION_BATCH_SIZE)]
    return class_probabilities(np.concatenate(outputs))
