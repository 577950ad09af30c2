import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from rcnn_sweep.config import Config, TrainingConfig
from rcnn_sweep.data import ImdbConfig, Split
from rcnn_sweep.network import ConvConfig, EmbeddingConfig, LstmConfig, PoolConfig
from rcnn_sweep.training import batches, build_model
from rcnn_sweep.training.batching import in_order
from rcnn_sweep.training.fitting import History, NotFinite, best_of, fit
from rcnn_sweep.training.runtime import seed_everything, without_noise

SMALL = Config(
    data=ImdbConfig(maxlen=12, num_words=30),
    embedding=EmbeddingConfig(output_dim=4),
    conv=ConvConfig(filters=4, kernel_size=3),
    lstm=LstmConfig(units=4),
    training=TrainingConfig(epochs=2, batch_size=16, learning_rate=0.01),
)


def split(count: int) -> Split:
    """Rows of class 0 hold ids below 15, rows of class 1 the ids from 15."""
    rng = np.random.default_rng(0)
    y = np.arange(count) % 2
    x = rng.integers(4, 15, (count, 12)) + 11 * y[:, None]
    return Split(x.astype(np.uint16), y.astype(np.int32), np.arange(count))


def trained(seed: int) -> tuple[list[Mapping[str, float]], np.ndarray]:
    seed_everything(seed, deterministic=True)
    model = build_model(SMALL, classes=2)
    told: list[Mapping[str, float]] = []
    training = TrainingConfig(epochs=2, batch_size=16, learning_rate=0.01, seed=seed)
    history = fit(
        *(model, split(64), split(32), training), on_epoch=lambda _, metrics: told.append(metrics)
    )
    return told, history.probabilities


@pytest.mark.slow
def test_one_seed_gives_the_same_numbers_twice_and_another_seed_others() -> None:
    first, again, other = trained(1), trained(1), trained(2)
    assert first[0] == again[0]
    assert np.array_equal(first[1], again[1])
    assert first[0] != other[0]


@pytest.mark.slow
def test_each_epoch_is_told_from_one_with_its_metrics() -> None:
    seed_everything(0, deterministic=True)
    model = build_model(SMALL, classes=2)
    steps: dict[int, Mapping[str, float]] = {}
    history = fit(model, split(64), split(32), SMALL.training, on_epoch=steps.__setitem__)
    assert list(steps) == [1, 2]
    assert set(steps[1]) == {
        *("train_loss", "train_accuracy", "val_loss", "val_accuracy", "val_f1_macro")
    }
    assert history.series("val_loss") == [steps[1]["val_loss"], steps[2]["val_loss"]]
    loss, accuracy = model.evaluate(batches(split(32), 8), verbose=0)
    assert steps[2]["val_loss"] == pytest.approx(loss, abs=1e-6)
    assert steps[2]["val_accuracy"] == pytest.approx(accuracy)


def test_shuffled_batches_hold_every_row_once_in_an_order_of_their_seed() -> None:
    rows = split(50)

    def order(seed: int) -> list[tuple[int, ...]]:
        pairs = [x.numpy() for x, _ in batches(rows, 16, shuffle_seed=seed)]
        return [tuple(row) for row in np.concatenate(pairs)]

    assert order(1) == order(1)
    assert order(1) != order(2)
    assert sorted(order(1)) == sorted(tuple(row) for row in rows.x.astype(int))


def test_batches_follow_the_selected_rows_only() -> None:
    part = split(50).take(np.array([3, 1, 40]))
    ids, labels = next(iter(batches(part, 8)))
    assert ids.shape == (3, 12)
    assert labels.numpy().tolist() == [1, 1, 0]


def of_lengths(lengths: np.ndarray) -> Split:
    """Texts of these lengths in rows of 12 ids, zeros before them; the classes as in split()."""
    whole = split(len(lengths))
    x = np.where(np.arange(12) >= 12 - lengths[:, None], whole.x, 0)
    return Split(x.astype(np.uint16), whole.y, whole.rows)


LENGTHS = np.random.default_rng(1).integers(5, 13, 100)


def test_texts_are_padded_to_multiples_of_the_width_and_batched_with_their_like() -> None:
    rows = of_lengths(LENGTHS)
    found = [x.numpy() for x, _ in batches(rows, 16, bucket_width=5, shuffle_seed=0)]
    assert {x.shape[1] for x in found} == {5, 10, 12}
    own = [np.count_nonzero(row) for x in found for row in x]
    assert sorted(own) == sorted(LENGTHS)
    for x in found:
        lengths = np.count_nonzero(x, axis=1)
        assert len(x) <= 16
        assert set(np.minimum(-(-lengths // 5) * 5, 12)) == {x.shape[1]}
        assert np.all(x[:, -5:] != 0)


def test_every_epoch_has_another_order_of_rows_and_batches_and_the_seed_decides_all() -> None:
    rows = of_lengths(LENGTHS)

    def epochs(seed: int) -> list[list[tuple[int, ...]]]:
        drawn = batches(rows, 16, bucket_width=5, shuffle_seed=seed)
        return [[tuple(row) for x, _ in drawn for row in x.numpy()] for _ in range(2)]

    first, again, other = epochs(1), epochs(1), epochs(2)
    assert first == again and first != other and first[0] != first[1]
    assert sorted(first[0]) == sorted(first[1])
    sizes = [x.shape for x, _ in batches(rows, 16, bucket_width=5, shuffle_seed=1)]
    assert sizes != sorted(sizes, key=lambda shape: shape[1])
    ordered = batches(rows, 16, bucket_width=5)
    labels = np.concatenate([y.numpy() for _, y in ordered])
    assert np.array_equal(labels, rows.labels[in_order(rows, 5)])


@pytest.mark.slow
def test_buckets_are_fitted_and_judged_row_by_row_without_a_trace_a_length(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    training = replace(SMALL.training, bucket_width=5)
    config = replace(SMALL, pool=PoolConfig(pool_size=2), training=training)
    seed_everything(0, deterministic=True)
    model, held = build_model(config, classes=2), of_lengths(LENGTHS)
    traced: list[tuple[Any, ...]] = []
    graph = type(model)
    call = graph.call

    def noted(network: keras.Model, ids: Any, *options: Any, **more: Any) -> Any:
        traced.append(tuple(ids.shape))
        return call(network, ids, *options, **more)

    with monkeypatch.context() as patch:
        patch.setattr(graph, "call", noted)
        history = fit(model, of_lengths(LENGTHS), held, training, on_epoch=lambda *_: None)
    assert traced == [(None, None)] * 3  # training twice, since that makes variables; one look
    alone = [
        model(held.x[[row], -length:].astype(int), training=False).numpy()[0, 0]
        for row, length in enumerate(np.minimum(-(-LENGTHS // 5) * 5, 12))
    ]
    assert history.probabilities[:, 1] == pytest.approx(np.array(alone), abs=1e-6)
    right = (history.probabilities.argmax(axis=1) == held.labels).mean()
    assert history.epochs[-1]["val_accuracy"] == pytest.approx(right)


def test_a_loss_that_is_no_number_ends_the_fit() -> None:
    seed_everything(0, deterministic=True)
    training = TrainingConfig(epochs=3, batch_size=16, optimizer="sgd", learning_rate=1e30)
    config = replace(SMALL, training=training)
    model = build_model(config, classes=3)
    with pytest.raises(NotFinite, match="train_loss is nan"):
        fit(model, split(64), split(32), training, on_epoch=lambda *_: None)


def test_an_exception_in_on_epoch_reaches_the_caller() -> None:
    def stop(step: int, _: Mapping[str, float]) -> None:
        raise LookupError(step)

    model = build_model(SMALL, classes=2)
    with pytest.raises(LookupError, match="1"):
        fit(model, split(64), split(32), SMALL.training, on_epoch=stop)


def test_start_up_lines_are_dropped_and_warnings_stay() -> None:
    text = (
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
        "I0000 00:00:1795532806.357916    4411 port.cc:153] oneDNN custom operations are on.\n"
        "W0000 00:00:1795532806.357916    4411 gpu.cc:1] a real warning\n"
        "E0000 00:00:1795532809.680780 4411 cuda_platform.cc:52] failed call to cuInit: 303\n"
        "UserWarning: another\n"
    )
    kept = without_noise(text)
    assert kept.splitlines() == [text.splitlines()[i] for i in (2, 3, 4)]
    no_driver = "I0000 00:00:1.1 1 x.cc:1] Could not find cuda drivers on your machine, GPU\n"
    assert "cuInit" not in without_noise(no_driver + text)


def courses(monitor: str, *values: float) -> list[dict[str, float]]:
    return [{monitor: value} for value in values]


def test_the_best_epoch_is_the_earliest_of_equals_in_the_direction_of_its_metric() -> None:
    assert best_of(courses("val_loss", 0.5, 0.3, 0.4, 0.3), "val_loss") == 2
    assert best_of(courses("val_accuracy", 0.5, 0.3, 0.7, 0.7), "val_accuracy") == 3
    assert best_of(courses("val_f1_macro", math.nan, 0.1, math.nan), "val_f1_macro") == 2
    assert best_of(courses("val_loss", math.nan), "val_loss") == 1


class Staged(keras.callbacks.Callback):
    """Stages the validation loss of each epoch and notes the network's weights after it."""

    def __init__(self, *losses: float) -> None:
        super().__init__()
        self.losses, self.weights = losses, []

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        logs["val_loss"] = self.losses[epoch]
        self.weights.append(self.model.get_weights())


def staged(*losses: float, **options: Any) -> tuple[History, Staged, keras.Model]:
    model, stage = build_model(SMALL, classes=2), Staged(*losses)
    training = replace(SMALL.training, epochs=len(losses), **options)
    told = {"on_epoch": lambda *_: None, "callbacks": [stage]}
    return fit(model, split(64), split(32), training, **told), stage, model


def is_of(model: keras.Model, weights: list[np.ndarray]) -> bool:
    return all(map(np.array_equal, model.get_weights(), weights))


@pytest.mark.slow
def test_the_best_epochs_weights_and_probabilities_are_kept() -> None:
    history, stage, model = staged(0.5, 0.3, 0.4, keep="best")
    assert (history.best, history.kept, len(history.epochs)) == (2, 2, 3)
    assert is_of(model, stage.weights[1]) and not is_of(model, stage.weights[2])
    outputs = model.predict(split(32).x.astype(int), verbose=0)
    assert history.probabilities[:, 1:] == pytest.approx(outputs, abs=1e-6)
    history, stage, model = staged(0.5, 0.3, 0.4)
    assert (history.best, history.kept) == (2, 3)
    assert is_of(model, stage.weights[2])


@pytest.mark.slow
@pytest.mark.parametrize(("keep", "kept"), [("last", 4), ("best", 2)])
def test_training_stops_after_so_many_epochs_without_a_better_one(keep: str, kept: int) -> None:
    history, stage, model = staged(0.5, 0.3, 0.3, 0.4, 0.1, 0.1, patience=2, keep=keep)
    assert (len(history.epochs), history.best, history.kept) == (4, 2, kept)
    assert is_of(model, stage.weights[kept - 1])


@pytest.mark.slow
def test_one_who_stops_a_fit_midway_has_the_last_whole_epoch() -> None:
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
            if len(stage.weights) == 2:
                raise KeyboardInterrupt

    model, stage, history = build_model(SMALL, classes=2), Staged(0.5, 0.4, 0.3), History()
    training = replace(SMALL.training, epochs=3)
    with pytest.raises(KeyboardInterrupt):
        fit(
            *(model, split(64), split(32), training),
            on_epoch=lambda *_: None,
            callbacks=[stage, Stop()],
            history=history,
        )
    assert (history.kept, len(history.epochs)) == (2, 2)
    assert not is_of(model, stage.weights[1])
    history.restore(model)
    assert is_of(model, stage.weights[1])
