"""The table of metrics, its functions, and that a new metric is nothing but a row of it."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf
from sklearn.metrics import matthews_corrcoef
from small import ROOT

from rcnn_sweep import metrics
from rcnn_sweep.application.study import RecordedStudy
from rcnn_sweep.config import Config, TrackingConfig, TrainingConfig
from rcnn_sweep.data import ImdbConfig, Split, TableConfig, load
from rcnn_sweep.drawing import Line, learning_curves
from rcnn_sweep.metrics import TABLE, Keras, Kind, Metric, Place
from rcnn_sweep.network import ConvConfig, EmbeddingConfig, LstmConfig
from rcnn_sweep.reproduction import agreement
from rcnn_sweep.reproduction.original import numbers
from rcnn_sweep.sweep.trial import TrialContext, entered
from rcnn_sweep.tracking import RunReader, Store, tracking_uri
from rcnn_sweep.training import batches, build_model, figures, perform
from rcnn_sweep.training.evaluation import evaluate
from rcnn_sweep.training.fitting import EVALUATION_BATCH_SIZE, History, fit
from rcnn_sweep.training.runtime import seed_everything
from rcnn_sweep.training.terminal import closing_lines, metrics_line

SMALL = Config(
    data=ImdbConfig(maxlen=12, num_words=30),
    embedding=EmbeddingConfig(output_dim=4),
    conv=ConvConfig(filters=4, kernel_size=3),
    lstm=LstmConfig(units=4),
    training=TrainingConfig(epochs=2, batch_size=16, learning_rate=0.01),
    tracking=TrackingConfig(log_model=False),
)
TRUTH = np.array([0, 0, 1, 1, 1], np.int32)
SECOND = np.array([0.1, 0.7, 0.6, 0.4, 0.9], np.float32)
PROBABILITIES = np.stack([1 - SECOND, SECOND], axis=1)
THREE = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.2, 0.2, 0.6], [0.4, 0.3, 0.3]], np.float32)


def matthews(probabilities: np.ndarray, truth: np.ndarray) -> float:
    return float(matthews_corrcoef(truth, probabilities.argmax(axis=1)))


MATTHEWS = Metric(
    "val_matthews",
    "Matthews",
    "the correlation of predicted and true class",
    matthews,
    Kind.SHARE,
    "maximize",
    each_epoch=True,
    shown=tuple(Place),
)


def split(count: int, classes: int) -> Split:
    rng = np.random.default_rng(0)
    y = np.arange(count) % classes
    x = rng.integers(4, 28, (count, 12))
    x[:, :2] = (4 + y)[:, None]
    return Split(x.astype(np.uint16), y.astype(np.int32), np.arange(count))


def test_every_row_is_told_apart_and_says_what_an_objective_needs() -> None:
    assert len(set(metrics.names(TABLE))) == len(TABLE)
    for metric in TABLE:
        assert metric.about and metric.label, metric.name
        best = {Kind.SHARE: "maximize", Kind.LOSS: "minimize", Kind.SECONDS: "minimize"}
        assert metric.direction == best.get(metric.kind, metric.direction), metric.name
        assert metric.name == "_".join(filter(None, (metric.split, metric.short)))
        assert (metric.kind is Kind.SECONDS) == metric.name.endswith("_seconds")
    assert set(metrics.each_epoch()) | set(metrics.final()) == set(TABLE)


def test_one_name_means_the_same_function_and_label_on_every_split() -> None:
    for short in {metric.short for metric in TABLE}:
        rows = [metric for metric in TABLE if metric.short == short]
        assert len({metric.taken for metric in rows if callable(metric.taken)}) <= 1, short
        assert len({(metric.label, metric.kind, metric.direction) for metric in rows}) == 1, short


def test_what_is_shown_is_known_where_it_is_shown() -> None:
    assert {metric.short for metric in metrics.shown(Place.CLOSING)} <= set(metrics.scores())
    assert set(metrics.shown(Place.CURVES)) <= set(metrics.each_epoch())
    assert set(metrics.shown(Place.TERMINAL)) <= set(metrics.each_epoch())
    assert not [m for m in metrics.shown(Place.TRIALS) if m.split == "test"], "trials read no test"


def test_keras_logs_what_the_table_says_that_it_logs() -> None:
    model = build_model(SMALL, classes=3)
    logs = model.train_on_batch(split(8, 3).x.astype(int), split(8, 3).labels, return_dict=True)
    assert set(logs) == {m.taken.log for m in TABLE if isinstance(m.taken, Keras)}


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"name": "train_matthews"}, "a function judges val or test"),
        ({"name": "matthews"}, "a function judges val or test"),
        ({"name": "test_matthews"}, "only train and val are looked at each epoch"),
        ({"name": "test_matthews", "taken": Keras("auc")}, "Keras takes metrics of train and val"),
        ({"taken": Keras("auc"), "each_epoch": False}, "Keras takes metrics of train and val"),
        ({"taken": None}, "speaks of no split"),
        ({"name": "matthews", "taken": None}, "only train and val are looked at each epoch"),
    ],
)
def test_a_row_that_could_never_be_taken_is_refused(change: dict[str, Any], answer: str) -> None:
    with pytest.raises(ValueError, match=answer):
        replace(MATTHEWS, **change)


def test_the_functions_give_what_is_worked_out_by_hand() -> None:
    """Of five texts three are right: class 0 has F1 1/2, class 1 has 2/3."""
    found = {name: score(PROBABILITIES, TRUTH) for name, score in metrics.scores().items()}
    own = -np.log(np.array([0.9, 0.3, 0.6, 0.4, 0.9]))
    assert found == {
        "accuracy": 0.6,
        "loss": pytest.approx(own.mean(), rel=1e-6),
        "f1_macro": pytest.approx((1 / 2 + 2 / 3) / 2),
        "f1_micro": pytest.approx(0.6),
        "brier": pytest.approx((0.1**2 + 0.7**2 + 0.4**2 + 0.6**2 + 0.1**2) / 5),
        "roc_auc": pytest.approx(4 / 6),  # of six pairs, four in the right order
        "average_precision": pytest.approx((1 + 2 / 3 + 3 / 4) / 3),
    }


def test_three_classes_are_judged_one_against_the_rest() -> None:
    truth = np.array([0, 1, 2, 0], np.int32)
    pairs = [1.0, np.mean([0, 0.5, 0.0]), 2 / 3]
    assert metrics.roc_auc(THREE, truth) == pytest.approx(np.mean(pairs), abs=1e-6)
    assert metrics.accuracy(THREE, truth) == 0.75
    assert metrics.f1_macro(THREE, truth) == pytest.approx((1 + 0 + 2 / 3) / 3)
    assert np.isnan(metrics.roc_auc(THREE, np.array([0, 1, 1, 0])))
    steps = [
        1.0,
        1 / 4,
        1 / 2,
    ]  # class 1's one text is among the last two of four, class 2's second
    assert metrics.average_precision(THREE, truth) == pytest.approx(np.mean(steps))
    assert np.isnan(metrics.average_precision(THREE, np.array([0, 1, 1, 0])))


def test_certain_and_wrong_costs_what_keras_says() -> None:
    certain = np.array([[1.0, 0.0]], np.float32)
    assert metrics.cross_entropy(certain, np.array([1])) == pytest.approx(-np.log(1e-7))


@pytest.mark.slow
@pytest.mark.parametrize("classes", [2, 3])
def test_the_look_at_the_validation_texts_gives_keras_own_numbers_to_the_last_bit(
    classes: int,
) -> None:
    """More rows than one batch, the last batch a small one."""
    seed_everything(0, deterministic=True)
    model, held = build_model(SMALL, classes=classes), split(1300, classes)
    history = fit(model, split(64, classes), held, SMALL.training, on_epoch=lambda *_: None)
    evaluated = model.evaluate(batches(held, EVALUATION_BATCH_SIZE), verbose=0, return_dict=True)
    last = history.epochs[-1]
    assert {"loss": last["val_loss"], "accuracy": last["val_accuracy"]} == evaluated
    outputs = [model.predict_on_batch(ids) for ids, _ in batches(held, EVALUATION_BATCH_SIZE)]
    # Keras's function for predictions is another, whose last bit may be another.
    told = np.concatenate(outputs)[:, -1]
    assert np.allclose(history.probabilities[:, -1], told, rtol=0, atol=1e-6)
    assert last["val_f1_macro"] == metrics.f1_macro(history.probabilities, held.labels)


def test_one_look_an_epoch_serves_every_callback(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    looked: list[int] = []
    seen: list[dict[str, float]] = []

    def count(outputs: np.ndarray) -> np.ndarray:
        looked.append(len(outputs))
        return np.hstack([1 - outputs, outputs])

    class Watcher(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            seen.append(dict(logs or {}))

    monkeypatch.setattr("rcnn_sweep.training.fitting.class_probabilities", count)
    history = fit(
        *(build_model(SMALL, classes=2), split(64, 2), split(600, 2), SMALL.training),
        on_epoch=lambda *_: None,
        callbacks=[Watcher()],
    )
    assert looked == [600, 600]
    assert [logs["val_f1_macro"] for logs in seen] == history.series("val_f1_macro")
    assert [logs["loss"] for logs in seen] == history.series("train_loss")


class Channel:
    """A study that listens."""

    def __init__(self) -> None:
        self.reported: list[tuple[int, float]] = []

    def check(self) -> None:
        raise AssertionError("there is an objective to report")

    def report(self, step: int, value: float) -> bool:
        self.reported.append((step, value))
        return False

    def set_user_attr(self, key: str, value: Any) -> None:
        raise AssertionError(key)


@pytest.mark.slow
def test_a_new_metric_is_one_row(
    workplace: Path, table: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Recorded each epoch, reported to the study, offered, printed, drawn and compared again."""
    final = replace(
        MATTHEWS, name="test_matthews", each_epoch=False, shown=(Place.CLOSING,), label="Matthews"
    )
    monkeypatch.setattr(metrics, "TABLE", (*TABLE, MATTHEWS, final))
    caplog.set_level("INFO")
    dataset = load(TableConfig(path=str(table), maxlen=12), say=print)
    config = replace(SMALL, data=dataset.config)
    store = Store(tracking_uri(None), "rows")
    writer, channel = store.start("run", name="one", tags={}), Channel()
    with entered(TrialContext("s", 0, 1, {}, ("val_matthews",), channel)):
        result = perform(config, dataset, [], writer)
    writer.complete()

    reader = RunReader(store.uri)
    history = reader.history(writer.run_id, "val_matthews")
    assert [step for step, _ in history] == [1, 2]
    assert channel.reported == history
    assert result["val_matthews"] == result["test_matthews"] == history[-1][1]
    assert f"val_matthews {history[-1][1]:.4f}" in caplog.text
    assert f"Test Matthews: {history[-1][1]:.4f}" in caplog.text

    offered = RecordedStudy(OmegaConf.structured(Config())).metric_names()
    assert "val_matthews" in offered.each_step
    assert "test_matthews" not in offered.at_end

    drawn = learning_curves([Line("run", "A", "c1", {"val_matthews": history})])
    assert drawn is not None and "ends at val_matthews" in drawn.markup()
    epochs = [dict.fromkeys(metrics.names(metrics.each_epoch()), 0.5)] * 2
    shown = str(figures.draw_curves(History(epochs)).markup())
    lines = {kind: shown.count(f'class="curve {kind}"') for kind in ("c0", "c1")}
    assert lines == {"c0": 2, "c1": 3} and ">Matthews<" in shown

    run = reader.run(writer.run_id)
    then = numbers(reader, run)
    limits = agreement.tolerances(then, {"train": 160, "val": 40, "test": 40})
    assert limits["val_matthews"] >= 0.02
    again = {**then, ("val_matthews", 2): then["val_matthews", 2] - 0.01}
    rows = agreement.compare(then, again, limits)
    [last] = [row for row in rows if (row.metric, row.step) == ("val_matthews", 2)]
    assert last.agrees and last.verdict.startswith("within")
    compared = agreement.table(rows)
    assert re.search(r"^val_matthews +2 ", compared, re.MULTILINE)
    assert re.search(r"^test_matthews +end ", compared, re.MULTILINE)


def test_an_evaluation_knows_the_table_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "TABLE", (*TABLE, MATTHEWS))
    found = evaluate(PROBABILITIES, TRUTH, ["a", "b"])
    assert found.matthews == pytest.approx(1 / 6)
    assert "Validation Matthews: 0.1667" in closing_lines("validation", found)
    with pytest.raises(AttributeError, match="no 'mathews'"):
        _ = found.mathews


def test_a_running_epoch_shows_what_keras_has_so_far() -> None:
    assert metrics_line({"loss": 0.31809, "accuracy": 0.9}) == "loss 0.3181  accuracy 0.9000"


def test_the_documentation_has_a_line_for_every_metric() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.startswith("| `")]
    assert lines == [
        f"| `{m.name}` | {m.about} | {'each epoch' if m.each_epoch else 'at the end'} "
        f"| {m.kind.value} | {m.direction or ''} |"
        for m in TABLE
    ]
