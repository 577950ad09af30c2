from collections.abc import Mapping

import numpy as np
import pytest

from rcnn_sweep.config import Config, TrainingConfig
from rcnn_sweep.data import ImdbConfig, Split
from rcnn_sweep.network import ConvConfig, EmbeddingConfig, LstmConfig
from rcnn_sweep.training import build_model
from rcnn_sweep.training.fitting import NotFinite, batches, fit
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


def test_one_seed_gives_the_same_numbers_twice_and_another_seed_others() -> None:
    first, again, other = trained(1), trained(1), trained(2)
    assert first[0] == again[0]
    assert np.array_equal(first[1], again[1])
    assert first[0] != other[0]


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


def test_a_loss_that_is_no_number_ends_the_fit() -> None:
    seed_everything(0, deterministic=True)
    training = TrainingConfig(epochs=3, batch_size=16, optimizer="sgd", learning_rate=1e30)
    config = Config(SMALL.data, SMALL.embedding, SMALL.conv, SMALL.pool, SMALL.lstm, training)
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
