"""What the options of training do, in numbers, against a plain computation."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from rcnn_sweep import network
from rcnn_sweep.config import Config, TrainingConfig, from_yaml, shortened, to_yaml
from rcnn_sweep.data import ImdbConfig, Split
from rcnn_sweep.metrics import cross_entropy
from rcnn_sweep.network import ConvConfig, EmbeddingConfig, LstmConfig
from rcnn_sweep.training import build_model
from rcnn_sweep.training.fitting import History, class_weights, fit
from rcnn_sweep.training.runtime import seed_everything

BATCH, LENGTH = 16, 12
TINY = Config(
    data=ImdbConfig(maxlen=LENGTH, num_words=60),
    embedding=EmbeddingConfig(output_dim=3, dropout=0.0),
    conv=ConvConfig(filters=3, kernel_size=3),
    lstm=LstmConfig(units=3),
    training=TrainingConfig(epochs=2, batch_size=BATCH, optimizer="sgd", learning_rate=0.5),
)


def split(*counts: int) -> Split:
    """So many texts of each class, with ids of its own."""
    y = np.repeat(np.arange(len(counts)), counts).astype(np.int32)
    ids = np.random.default_rng(0).integers(4, 15, (len(y), LENGTH)) + 11 * y[:, None]
    return Split(ids.astype(np.uint16), y, np.arange(len(y)))


class Watch(keras.callbacks.Callback):
    """Notes learning rates before batches, and the weights before the first and after each."""

    def __init__(self) -> None:
        super().__init__()
        self.rates: list[float] = []
        self.weights: list[list[np.ndarray]] = []

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        self.weights.append(self.model.get_weights())

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        self.rates.append(float(self.model.optimizer.learning_rate))

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        self.weights.append(self.model.get_weights())


def trained(
    train: Split, held: Split, classes: int = 2, **options: Any
) -> tuple[History, Watch, keras.Model]:
    training = replace(TINY.training, **options)
    seed_everything(0, deterministic=True)
    model, watch = build_model(replace(TINY, training=training), classes=classes), Watch()
    told = {"on_epoch": lambda *_: None, "callbacks": [watch]}
    return fit(model, train, held, training, **told), watch, model


def same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return all(map(np.array_equal, one, other))


TEXTS, HELD = split(32, 32), split(20, 10)


def test_a_cosine_falls_to_zero_over_all_steps_and_a_shorter_training_follows_it() -> None:
    whole, watch, _ = trained(TEXTS, HELD, schedule="cosine", epochs=3)
    steps = np.arange(12)
    assert watch.rates == pytest.approx(0.5 * (1 + np.cos(np.pi * steps / 12)) / 2, abs=1e-6)
    cut = shortened(TrainingConfig(epochs=3, schedule="cosine"), 2)
    assert (cut.epochs, cut.schedule_epochs) == (2, 3)
    assert shortened(cut, 1).schedule_epochs == 3
    assert shortened(TrainingConfig(epochs=3), 2) == TrainingConfig(epochs=2)
    begun, _, _ = trained(TEXTS, HELD, schedule="cosine", epochs=2, schedule_epochs=3)
    assert begun.epochs == whole.epochs[:2]


def test_averaged_weights_are_judged_and_kept_and_training_goes_on_from_the_others() -> None:
    _, plain, _ = trained(TEXTS, HELD, optimizer="adam", learning_rate=0.05)
    history, watch, model = trained(TEXTS, HELD, optimizer="adam", learning_rate=0.05, ema=0.9)
    assert all(map(same, watch.weights, plain.weights)) and len(watch.weights) == 9
    average = watch.weights[1]
    for weights in watch.weights[2:]:  # an epoch has four batches: no more are averaged
        average = [0.75 * a + 0.25 * w for a, w in zip(average, weights, strict=True)]
    for kept, expected, last in zip(history.weights, average, watch.weights[-1], strict=True):
        assert kept == pytest.approx(expected, abs=1e-6)
        assert not np.array_equal(kept, last)
    assert same(model.get_weights(), history.weights)
    outputs = model.predict(HELD.x.astype(int), verbose=0)[:, 0]
    assert history.probabilities[:, 1] == pytest.approx(outputs, abs=1e-6)


def test_no_gradient_is_longer_than_the_norm_that_it_may_have() -> None:
    short = 1e-3
    _, plain, _ = trained(TEXTS, HELD, epochs=1)
    _, watch, _ = trained(TEXTS, HELD, epochs=1, clipnorm=short)
    before, after, free = watch.weights[0], watch.weights[1], plain.weights[1]
    norms = []
    for start, clipped, unclipped in list(zip(before, after, free, strict=True))[1:]:
        gradient = (start - unclipped) / 0.5
        norms.append(float(np.linalg.norm(gradient)))
        expected = gradient * min(1.0, short / max(norms[-1], short))
        assert (start - clipped) / 0.5 == pytest.approx(expected, abs=short / 100)
    assert max(norms) > 2 * short
    moved, freely = before[0] - after[0], before[0] - free[0]  # the embedding, in slices
    factor = float((moved * freely).sum() / (freely * freely).sum())
    assert factor < 1 and moved == pytest.approx(factor * freely, abs=short / 100)


@pytest.mark.parametrize("classes", [2, 3])
def test_smoothing_spreads_the_target_over_all_classes(classes: int) -> None:
    rng = np.random.default_rng(1)
    probabilities = rng.dirichlet(np.ones(classes), 40).astype(np.float32)
    labels = rng.integers(0, classes, 40).astype(np.int32)
    targets = 0.8 * np.eye(classes)[labels] + 0.2 / classes
    expected = -(targets * np.log(probabilities)).sum(axis=1).mean()
    outputs = probabilities[:, 1:] if classes == 2 else probabilities
    smooth, plain = (network.loss(classes, amount)(labels, outputs) for amount in (0.2, 0.0))
    assert float(smooth) == pytest.approx(expected, abs=1e-5)
    assert float(plain) == pytest.approx(cross_entropy(probabilities, labels), abs=1e-5)


def test_balanced_weights_follow_scikit_learn_and_one_of_a_class_that_never_occurs_is_unused() -> (
    None
):
    balanced = TrainingConfig(class_weights="balanced")
    labels = np.repeat([0, 2], [30, 10])
    weights = class_weights(balanced, labels, 4)
    expected = compute_class_weight("balanced", classes=np.array([0, 2]), y=labels)
    assert weights is not None and list(weights) == [0, 1, 2, 3]
    assert [weights[0], weights[2]] == pytest.approx(expected)
    assert class_weights(TrainingConfig(), labels, 4) is None


def test_weights_and_smoothing_change_what_is_minimised_but_no_validation_metric() -> None:
    texts = split(40, 16, 8)
    still = {"epochs": 1, "learning_rate": 1e-9, "batch_size": 64}
    history, _, _ = trained(
        *(texts, texts, 3), class_weights="balanced", label_smoothing=0.3, **still
    )
    probabilities = history.probabilities.astype(np.float64)
    targets = 0.7 * np.eye(3)[texts.labels] + 0.1
    weights = (64 / (3 * np.array([40, 16, 8])))[texts.labels]
    minimised = (weights * -(targets * np.log(probabilities)).sum(axis=1)).mean()
    [epoch] = history.epochs
    assert epoch["train_loss"] == pytest.approx(minimised, abs=1e-5)
    assert epoch["val_loss"] == pytest.approx(cross_entropy(probabilities, texts.labels), abs=1e-5)
    assert epoch["train_accuracy"] == pytest.approx(epoch["val_accuracy"])


def test_with_all_of_them_one_seed_gives_the_same_numbers_and_the_best_epoch_is_kept() -> None:
    options: dict[str, Any] = {
        **{"schedule": "cosine", "ema": 0.8, "clipnorm": 0.5, "label_smoothing": 0.1},
        **{"class_weights": "balanced", "epochs": 4, "keep": "best", "monitor": "val_f1_macro"},
    }
    (first, _, model), (again, _, _) = (trained(TEXTS, HELD, **options) for _ in range(2))
    assert first.epochs == again.epochs and same(first.weights, again.weights)
    kept = model.evaluate(HELD.x.astype(int), HELD.labels, verbose=0, return_dict=True)
    assert kept["accuracy"] == pytest.approx(first.epochs[first.kept - 1]["val_accuracy"])


def test_a_record_from_before_the_options_reads_as_without_them() -> None:
    written = to_yaml(Config())
    new = ("schedule", "schedule_epochs", "ema", "clipnorm", "label_smoothing", "class_weights")
    old = [line for line in written.splitlines() if line.strip().split(":")[0] not in new]
    assert len(written.splitlines()) - len(old) == len(new)
    assert json.dumps(to_yaml(from_yaml("\n".join(old)))) == json.dumps(written)
