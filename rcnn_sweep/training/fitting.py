"""Fit the network to a dataset, epoch by epoch, telling each epoch's metrics as it ends."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rcnn_sweep import network
from rcnn_sweep.config import Config, TrainingConfig, scheduled_epochs
from rcnn_sweep.data import Split, WordVectors
from rcnn_sweep.metrics import Keras, compiled, each_epoch, find
from rcnn_sweep.process import signals
from rcnn_sweep.rcnn_text_model import class_probabilities
from rcnn_sweep.training.batching import batches, in_order

# Larger batches change no number of an evaluation and take less time (1.25 s against 1.57 s
# for 6,400 reviews at 64 on two cores).
EVALUATION_BATCH_SIZE = 512

OnEpoch = Callable[[int, Mapping[str, float]], None]


class NotFinite(ArithmeticError):
    """The loss became NaN or infinite: the run cannot give a result."""


@dataclass
class History:
    """What fitting left: metrics of each epoch under their recorded names, and its seconds.

    ``kept`` is the epoch, from 1, whose network is the result (0 before the first has ended):
    ``weights`` are as they were after it, and ``probabilities``, float32 ``(n, classes)``, what it
    said of the validation texts. ``best`` is the epoch with the best monitor.
    """

    epochs: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0
    best: int = 0
    kept: int = 0
    weights: list[np.ndarray] = field(default_factory=list, repr=False)
    probabilities: np.ndarray = field(default_factory=lambda: np.empty((0, 0), np.float32))

    def series(self, name: str) -> list[float]:
        """Give one metric over the epochs."""
        return [epoch[name] for epoch in self.epochs]

    def restore(self, model: keras.Model) -> None:
        """Give ``model`` the weights of the epoch that is kept, of which there must be one."""
        model.set_weights(self.weights)


def best_of(epochs: Sequence[Mapping[str, float]], monitor: str) -> int:
    """Give the epoch, from 1, with the best ``monitor``: the earliest of equals, never a NaN.

    >>> best_of([{"val_loss": 0.4}, {"val_loss": 0.3}, {"val_loss": 0.3}], "val_loss")
    2
    """
    metric = find(monitor)
    sign = -1 if metric is not None and metric.direction == "minimize" else 1
    ranks = [np.nan_to_num(sign * epoch[monitor], nan=-np.inf) for epoch in epochs]
    return 1 + int(np.argmax(ranks))


def build_model(
    config: Config, *, classes: int, vectors: WordVectors | None = None, ngrams_known: int = 0
) -> keras.Model:
    """Build and compile the network that ``config`` describes, for ``classes`` classes.

    ``vectors`` are what ``config.embedding.vectors`` names, read. ``ngrams_known`` is how many
    n-grams the branch knows, where there is one.
    """
    training = config.training
    return network.build(
        config,
        num_words=config.data.num_words,
        maxlen=config.data.maxlen if training.bucket_width is None else None,
        classes=classes,
        ngrams_known=ngrams_known,
        optimizer=network.optimizer(
            training.optimizer,
            training.learning_rate,
            clipnorm=training.clipnorm,
            ema=training.ema,
        ),
        label_smoothing=training.label_smoothing,
        metrics=compiled(),
        vectors=vectors,
    )


def fit(
    model: keras.Model,
    train: Split,
    validation: Split,
    training: TrainingConfig,
    *,
    on_epoch: OnEpoch,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    history: History | None = None,
) -> History:
    """Fit ``model`` and give its history; ``on_epoch(step, metrics)`` is told each epoch from 1.

    ``model`` then has the weights of the epoch that ``training.keep`` asks for. ``callbacks`` see
    the validation metrics of an epoch in its logs, under their recorded names. What ``on_epoch``
    raises ends the fit and reaches the caller, who has ``history``, if it was given, up to the last
    whole epoch. Raises :class:`NotFinite` when the training loss is NaN or infinite at the end of
    an epoch.
    """
    history = History() if history is None else history
    looking = _Validation(validation, training.bucket_width)
    rows = batches(
        train,
        training.batch_size,
        bucket_width=training.bucket_width,
        shuffle_seed=training.seed,
    )
    steps = int(rows.cardinality())
    if training.ema is not None:
        model.optimizer.ema_momentum = network.momentum(training.ema, steps)
    started = time.perf_counter()
    try:
        model.optimizer.learning_rate = network.schedule(
            training.schedule, training.learning_rate, scheduled_epochs(training) * steps
        )
        model.fit(
            rows,
            epochs=training.epochs,
            class_weight=class_weights(training, train.labels, classes_of(model)),
            callbacks=[
                _Averaged(),
                looking,
                *callbacks,
                _Teller(history, training, looking, on_epoch),
            ],
            shuffle=False,  # the pipeline does it
            verbose=0,
        )
    finally:
        history.seconds = time.perf_counter() - started
    history.restore(model)
    return history


def classes_of(model: keras.Model) -> int:
    """Give how many classes a network of :mod:`rcnn_sweep.network` tells apart."""
    return max(2, int(model.output_shape[-1]))


def class_weights(
    training: TrainingConfig, labels: np.ndarray, classes: int
) -> dict[int, float] | None:
    """Give what a text of each class weighs in training, None where all weigh the same.

    "balanced" is scikit-learn's rule: ``n / (classes that occur * n of the class)``. Keras wants a
    weight for each class; of one that never occurs none is used.
    """
    if training.class_weights is None:
        return None
    counts = np.bincount(labels, minlength=classes)
    shares = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return dict(enumerate(shares.tolist()))


class _Averaged(keras.callbacks.Callback):
    """Has the moving average of the weights in the network between epochs, where there is one.

    Keras's own ``SwapEMAWeights`` swaps by sums and differences, after which the weights are no
    longer the same to the last bit.
    """

    def __init__(self) -> None:
        super().__init__()
        self._trained: list[np.ndarray] = []

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        weights = self.model.trainable_weights
        self._trained = [weight.numpy() for weight in weights]
        self.model.optimizer.finalize_variable_values(weights)

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        if epoch:
            for weight, trained in zip(self.model.trainable_weights, self._trained, strict=True):
                weight.assign(trained)


class _Validation(keras.callbacks.Callback):
    """One look at the validation texts after each epoch, from which all their metrics are taken.

    It stands in for Keras's ``validation_data``, which keeps no probabilities. Loss and accuracy
    are taken as ``Model.evaluate`` does, batch for batch, and are its numbers to the last bit; the
    loss is the cross-entropy, whatever is minimised, so that it can be compared among configs.
    """

    def __init__(self, split: Split, bucket_width: int | None) -> None:
        super().__init__()
        self._truth = split.labels
        self.probabilities = np.empty((0, 0), np.float32)
        self._batches = batches(split, EVALUATION_BATCH_SIZE, bucket_width=bucket_width)
        self._order = in_order(split, bucket_width)

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        model, plain = self.model, network.loss(classes_of(self.model))
        [loss_of_epoch] = [metric for metric in model.metrics if metric.name == "loss"]

        def step(inputs: Any, labels: tf.Tensor) -> tf.Tensor:
            outputs = model(inputs, training=False)
            loss_of_epoch.update_state(plain(labels, outputs), sample_weight=tf.shape(labels)[0])
            model.compute_metrics(inputs, labels, outputs)
            return outputs

        signature = self._batches.element_spec  # one trace, whatever the lengths
        self._step = tf.function(step, signature, jit_compile=model.jit_compile)

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        if not np.isfinite(logs["loss"]):
            return  # the fit ends here
        self.model.reset_metrics()
        outputs = [self._step(inputs, labels).numpy() for inputs, labels in self._batches]
        taken = self.model.get_metrics_result()
        looked = class_probabilities(np.concatenate(outputs))
        probabilities = np.empty_like(looked)
        probabilities[self._order] = looked
        for metric in each_epoch("val"):
            if isinstance(metric.taken, Keras):
                logs[metric.log] = float(taken[metric.taken.log])
            elif metric.taken is not None:
                logs[metric.log] = metric.taken(probabilities, self._truth)
        self.probabilities = probabilities


class _Teller(keras.callbacks.Callback):
    """Notes a whole epoch, keeps what is to be kept of it, tells it, and may end the training."""

    def __init__(
        self,
        history: History,
        training: TrainingConfig,
        looking: _Validation,
        on_epoch: OnEpoch,
    ) -> None:
        super().__init__()
        self._history, self._training = history, training
        self._looking, self._on_epoch = looking, on_epoch

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        if not np.isfinite(logs["loss"]):
            raise NotFinite(
                f"train_loss is {logs['loss']} after epoch {epoch + 1}: "
                "a lower training.learning_rate usually helps"
            )
        metrics = {metric.name: float(logs[metric.log]) for metric in each_epoch()}
        with signals.held():  # an epoch is noted and told whole, or not at all
            self._note(epoch + 1, metrics)
            self._on_epoch(epoch + 1, metrics)

    def _note(self, step: int, metrics: dict[str, float]) -> None:
        history, training = self._history, self._training
        history.epochs.append(metrics)
        history.best = best_of(history.epochs, training.monitor)
        if training.keep == "last" or history.best == step:
            history.kept, history.weights = step, self.model.get_weights()
            history.probabilities = self._looking.probabilities
        if training.patience is not None and step - history.best >= training.patience:
            self.model.stop_training = True
