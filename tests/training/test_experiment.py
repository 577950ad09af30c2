"""What a run records of the epoch that counts, however it ends."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rcnn_sweep.application.run import Finished, Job, recorded_run
from rcnn_sweep.config import Config, TrackingConfig, TrainingConfig
from rcnn_sweep.data import Dataset, TableConfig, load
from rcnn_sweep.metrics import each_epoch, final, names
from rcnn_sweep.network import ConvConfig, EmbeddingConfig, LstmConfig
from rcnn_sweep.reproduction import reproduce
from rcnn_sweep.sweep import TrialContext, TrialPruned
from rcnn_sweep.sweep.trial import entered
from rcnn_sweep.tracking import RunReader, RunSnapshot, Store, tracking_uri
from rcnn_sweep.training import batches, build_model
from rcnn_sweep.training.fitting import _Validation
from rcnn_sweep.training.terminal import EpochProgress

EVERY_END = (
    *("confusion_matrix.png", "confusion_matrix_normalized.png", "confusion_matrix.json"),
    *("classification_report.json", "learning_curves.png"),
    *("ranking.json", "roc_curve.png", "precision_recall_curve.png"),
)
LOSSES = (0.5, 0.3, 0.4)


class Channel:
    """A study that prunes at ``last``."""

    def __init__(self, last: int = 0) -> None:
        self.last, self.reported = last, []

    def check(self) -> None:
        pass

    def report(self, step: int, value: float) -> bool:
        self.reported.append(value)
        return step == self.last

    def set_user_attr(self, key: str, value: Any) -> None:
        pass


class Place:
    """A store, and a small network on a small table in it."""

    def __init__(self, table: Path) -> None:
        self.store = Store(tracking_uri(None), "ends")
        data = TableConfig(path=str(table), maxlen=12, validation="holdout")
        self.dataset: Dataset = load(data, say=print)
        self.config = Config(
            data=self.dataset.config,
            embedding=EmbeddingConfig(output_dim=4),
            conv=ConvConfig(filters=4, kernel_size=3),
            lstm=LstmConfig(units=4),
            training=TrainingConfig(epochs=3, batch_size=16, learning_rate=0.003),
            tracking=TrackingConfig(log_model=False),
        )

    def run(self, trial: TrialContext | None = None, **training: Any) -> Finished:
        config = replace(self.config, training=replace(self.config.training, **training))
        return recorded_run(Job(config, self.dataset, [], trial), self.store)

    def trial(self, channel: Channel) -> TrialContext:
        parent = self.store.start("study", name="s", tags={})
        return TrialContext("s", 0, 1, {"run_id": parent.run_id}, ("val_loss",), channel)

    def last(self) -> tuple[RunSnapshot, Path, RunReader]:
        reader = RunReader(self.store.uri)
        run = reader.search("tags.`rcnn_sweep.kind` != 'study'")[-1]
        folder = Path(self.store.client.get_run(run.run_id).info.artifact_uri)
        return run, folder, reader

    def matrix_of_the_weights(self, folder: Path) -> list[list[int]]:
        """Judge the recorded weights anew."""
        model = build_model(self.config, classes=2)
        model.load_weights(folder / "weights" / "rcnn.weights.h5")
        held = self.dataset.validation
        outputs = model.predict(batches(held, 64), verbose=0)[:, 0]
        found = np.zeros((2, 2), int)
        np.add.at(found, (held.labels, (outputs > 0.5).astype(int)), 1)
        return found.tolist()


@pytest.fixture
def place(workplace: Path, table: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    looked = _Validation.on_epoch_end

    def staged(self: _Validation, epoch: int, logs: dict[str, float]) -> None:
        looked(self, epoch, logs)
        logs["val_loss"] = LOSSES[epoch]

    monkeypatch.setattr(_Validation, "on_epoch_end", staged)
    return Place(table)


def accuracy(folder: Path) -> float:
    matrix = np.array(
        json.loads((folder / "evaluation" / "confusion_matrix.json").read_text())["matrix"]
    )
    return float(matrix.trace() / matrix.sum())


@pytest.mark.slow
def test_the_best_epoch_is_the_result_in_every_place(place: Place) -> None:
    channel = Channel()
    context = place.trial(channel)
    with entered(context):
        done = place.run(context, keep="best")
    run, folder, reader = place.last()
    courses = {name: reader.history(run.run_id, name) for name in names(each_epoch())}
    assert {tuple(step for step, _ in course) for course in courses.values()} == {(1, 2, 3)}
    assert channel.reported == [value for _, value in courses["val_loss"]] == [*LOSSES]
    best = {name: course[1][1] for name, course in courses.items()}
    for told in (done.metrics, run.metrics, place.store.outcome(run.run_id)[1]):
        assert {name: told[name] for name in best} == best
    assert run.metrics["best_epoch"] == 2
    at_end = {m.name for m in final() if m.split != "test"}
    steps = {name: reader.history(run.run_id, name)[0][0] for name in at_end}
    assert set(steps.values()) == {0}, "the numbers of the end are of no epoch"
    assert accuracy(folder) == pytest.approx(best["val_accuracy"])
    written = json.loads((folder / "evaluation" / "confusion_matrix.json").read_text())
    assert place.matrix_of_the_weights(folder) == written["matrix"]


@pytest.mark.slow
def test_a_pruned_trial_is_recorded_as_of_its_last_epoch(place: Place) -> None:
    context = place.trial(Channel(last=2))
    with entered(context), pytest.raises(TrialPruned):
        place.run(context)
    check_stopped(place, "pruned", epochs=2, best=2)


def test_a_trial_is_not_pruned_after_its_last_epoch(place: Place) -> None:
    channel = Channel(last=3)
    context = place.trial(channel)
    with entered(context):
        place.run(context)
    run, _, reader = place.last()
    assert len(channel.reported) == len(reader.history(run.run_id, "val_accuracy")) == 3
    assert run.tags["rcnn_sweep.state"] == "complete"


@pytest.mark.slow
def test_a_run_that_is_stopped_midway_is_recorded_as_of_its_last_whole_epoch(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[int] = []
    over = EpochProgress.on_epoch_end

    def note(self: EpochProgress, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        over(self, epoch, logs)
        ended.append(epoch)

    def stop(self: EpochProgress, batch: int, logs: Mapping[str, float] | None = None) -> None:
        if len(ended) == 2 and batch == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(EpochProgress, "on_epoch_end", note)
    monkeypatch.setattr(EpochProgress, "on_train_batch_end", stop)
    with pytest.raises(KeyboardInterrupt):
        place.run()
    check_stopped(place, "interrupted", epochs=2, best=2)


def check_stopped(place: Place, state: str, *, epochs: int, best: int) -> None:
    run, folder, reader = place.last()
    assert run.tags["rcnn_sweep.state"] == state
    course = reader.history(run.run_id, "val_accuracy")
    assert len(course) == epochs
    for name in EVERY_END:
        assert (folder / "evaluation" / name).stat().st_size > 0
    assert accuracy(folder) == pytest.approx(course[-1][1])
    written = json.loads((folder / "evaluation" / "confusion_matrix.json").read_text())
    assert place.matrix_of_the_weights(folder) == written["matrix"]
    assert run.metrics["best_epoch"] == best
    assert run.metrics["val_f1_micro"] == pytest.approx(course[-1][1])
    assert not (folder / "model" / "MLmodel").exists()


def test_an_end_that_cannot_be_recorded_does_not_hide_why_it_came(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from rcnn_sweep.tracking import RunWriter

    whole = RunWriter.artifact

    def full(self: RunWriter, path: str) -> Any:
        if path.startswith("evaluation/"):
            raise OSError(28, "No space left on device")
        return whole(self, path)

    monkeypatch.setattr(RunWriter, "artifact", full)
    context = place.trial(Channel(last=1))
    with entered(context), pytest.raises(TrialPruned):
        place.run(context)
    run, _, _ = place.last()
    assert run.tags["rcnn_sweep.state"] == "pruned"
    assert "What came of epoch 1 could not be recorded" in caplog.text


@pytest.mark.slow
def test_a_pruned_trial_with_every_option_is_recorded_as_averaged_and_reproduced(
    place: Place,
) -> None:
    options: dict[str, Any] = {
        **{"schedule": "cosine", "ema": 0.9, "clipnorm": 0.5, "label_smoothing": 0.1},
        **{"class_weights": "balanced", "monitor": "val_accuracy"},
    }
    context = place.trial(Channel(last=2))
    with entered(context), pytest.raises(TrialPruned):
        place.run(context, **options)
    check_stopped(place, "pruned", epochs=2, best=place_of_best(place))
    first, _, _ = place.last()
    again = reproduce(first.run_id, tracking_uri=None, data_path=None)
    assert again.exactly and again.agrees
    assert again.run.params["training.schedule_epochs"] == "3"


def place_of_best(place: Place) -> int:
    run, _, reader = place.last()
    values = [value for _, value in reader.history(run.run_id, "val_accuracy")]
    return 1 + values.index(max(values))
