import shutil
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import keras
import numpy as np
import pytest

import rcnn_sweep
from rcnn_sweep import network
from rcnn_sweep.config import Config, TrainingConfig
from rcnn_sweep.data import ImdbConfig
from rcnn_sweep.network import head
from rcnn_sweep.training import build_model, figures, seed_everything
from rcnn_sweep.training.experiment import _show_network


def test_the_baseline_is_the_notebooks_network() -> None:
    model = build_model(Config(), classes=2)
    shapes = [tuple(layer.output.shape[1:]) for layer in model.layers]
    assert shapes == [(400,), (400, 50), (400, 50), (396, 64), (99, 64), (70,), (1,), (1,)]
    parameters = [layer.count_params() for layer in model.layers if layer.count_params()]
    assert parameters == [250_000, 16_064, 37_800, 71]
    assert model.count_params() == 303_935
    assert model.loss.name == "binary_crossentropy"
    assert model.layers[2].rate == 0.25
    assert model.layers[3].padding == "valid"
    assert model.layers[3].activation.__name__ == "relu"
    assert model.layers[-1].activation.__name__ == "sigmoid"
    assert type(model.optimizer).__name__ == "Adam"
    assert float(model.optimizer.learning_rate) == pytest.approx(0.001)


def notebook() -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((400,), dtype="int32"),
            keras.layers.Embedding(5000, 50),
            keras.layers.Dropout(0.25),
            keras.layers.Conv1D(64, 5, activation="relu"),
            keras.layers.MaxPooling1D(4),
            keras.layers.LSTM(70),
            keras.layers.Dense(1),
            keras.layers.Activation("sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy")
    return model


def test_a_seed_gives_the_notebooks_numbers_and_weights_go_either_way(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    ids, labels = rng.integers(0, 5000, (64, 400), np.int32), rng.integers(0, 2, 64)
    trained = []
    for build in (notebook, lambda: build_model(Config(), classes=2)):
        seed_everything(0, deterministic=True)
        model = build()
        first = model.get_weights()
        model.fit(ids, labels, batch_size=32, shuffle=False, verbose=0)
        trained.append((first, model.get_weights(), model.predict_on_batch(ids[:4]), model))
    (*theirs, original), (*ours, graph) = trained
    for one, other in zip(keras.tree.flatten(theirs), keras.tree.flatten(ours), strict=True):
        assert np.array_equal(one, other)
    for giver, taker in ((original, graph), (graph, original)):
        giver.save_weights(tmp_path / "rcnn.weights.h5")
        taker.set_weights([0 * weight for weight in taker.get_weights()])
        taker.load_weights(tmp_path / "rcnn.weights.h5")
        assert np.array_equal(taker.predict_on_batch(ids[:4]), theirs[2])


def test_three_classes_give_softmax_probabilities() -> None:
    model = build_model(Config(), classes=3)
    outputs = model.predict_on_batch(np.ones((2, 400), np.int32))
    assert outputs.shape == (2, 3)
    assert outputs.sum(axis=1) == pytest.approx(np.ones(2), abs=1e-6)
    assert model.loss.name == "sparse_categorical_crossentropy"


def test_branches_are_joined_at_the_head() -> None:
    words, counts = keras.Input((3,), name="words"), keras.Input((2,), name="counts")
    model = keras.Model({"words": words, "counts": counts}, head.apply([words, counts], 2))
    assert model.count_params() == 3 + 2 + 1
    assert model.output.shape == (None, 1)


@pytest.mark.parametrize("name", network.OPTIMIZERS)
def test_every_optimizer_takes_the_learning_rate(name: str) -> None:
    config = replace(Config(), training=TrainingConfig(optimizer=name, learning_rate=0.01))
    model = build_model(config, classes=2)
    assert type(model.optimizer).__name__.lower() == name
    assert float(model.optimizer.learning_rate) == pytest.approx(0.01)


def test_the_summary_names_layers_and_parameters() -> None:
    text = network.summary(build_model(Config(), classes=2))
    assert "303,935" in text
    assert "(None, 396, 64)" in text


def test_graphviz_draws_the_layers(tmp_path: Path) -> None:
    if shutil.which("dot") is None:
        pytest.skip("Graphviz's dot is not installed")
    network.draw_architecture(build_model(Config(), classes=2), tmp_path / "picture.svg")
    drawn = (tmp_path / "picture.svg").read_text(encoding="utf-8")
    assert "<svg" in drawn
    assert "Conv1D" in drawn
    assert "(None, 99, 64)" in drawn


def test_the_plain_drawing_has_every_layer(tmp_path: Path) -> None:
    model = build_model(Config(data=ImdbConfig(maxlen=20)), classes=2)
    rows = network.layer_rows(model)
    assert [row.kind for row in rows][:3] == ["InputLayer", "Embedding", "Dropout"]
    assert [row.reads for row in rows] == [(), *((place,) for place in range(7))]
    figures.architecture(rows).save_svg(tmp_path / "picture.svg")
    drawn = (tmp_path / "picture.svg").read_text(encoding="utf-8")
    assert drawn.count('<rect class="layer"') == len(rows)
    assert "Conv1D  (None, 16, 64)" in drawn


BRANCHED = (
    *("data.maxlen=12", "conv=parallel", "conv.kernel_size=2", "lstm=attention", "lstm.layers=2"),
    *("embedding.spatial_dropout=0.1", "embedding.word_dropout=0.1", "training.bucket_width=7"),
)


def test_a_branched_network_is_drawn_as_it_is_connected(tmp_path: Path) -> None:
    model = build_model(rcnn_sweep.compose(*BRANCHED), classes=2)
    if network.graphviz_found():
        network.draw_architecture(model, tmp_path / "graph.svg")
        assert "Concatenate" in (tmp_path / "graph.svg").read_text(encoding="utf-8")
    rows = network.layer_rows(model)
    kinds = [row.kind for row in rows]
    assert [[kinds[place] for place in row.reads] for row in rows if row.kind == "Dot"] == [
        ["Bidirectional", "Softmax"]
    ]
    [joined] = [row for row in rows if row.kind == "Concatenate"]
    assert [kinds[place] for place in joined.reads] == ["Conv1D"] * 3
    [table] = [row for row in rows if row.kind == "Embedding"]
    assert [kinds[place] for place in table.reads] == ["InputLayer", "Dropout"]
    figures.architecture(rows).save_svg(tmp_path / "plain.svg")
    arrows = (tmp_path / "plain.svg").read_text(encoding="utf-8").count("strand axis")
    assert arrows == sum(len(row.reads) for row in rows)


def test_a_graph_that_graphviz_fails_on_is_drawn_plainly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise AssertionError('"dot" returned code: -6')

    monkeypatch.setattr(network, "graphviz_found", lambda: True)
    monkeypatch.setattr(network, "draw_architecture", fail)
    model = build_model(rcnn_sweep.compose("data.maxlen=12"), classes=2)
    writer = Mock()
    writer.artifact.return_value = nullcontext(tmp_path / "picture.svg")
    _show_network(model, writer)
    assert "returned code: -6" in caplog.text
    assert "Conv1D" in (tmp_path / "picture.svg").read_text(encoding="utf-8")
