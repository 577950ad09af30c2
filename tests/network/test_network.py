import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rcnn_sweep import network
from rcnn_sweep.config import Config, TrainingConfig
from rcnn_sweep.data import ImdbConfig
from rcnn_sweep.training import build_model, figures


def test_the_baseline_is_the_notebooks_network() -> None:
    model = build_model(Config(), classes=2)
    shapes = [tuple(layer.output.shape[1:]) for layer in model.layers]
    assert shapes == [(400, 50), (400, 50), (396, 64), (99, 64), (70,), (1,), (1,)]
    parameters = [layer.count_params() for layer in model.layers if layer.count_params()]
    assert parameters == [250_000, 16_064, 37_800, 71]
    assert model.count_params() == 303_935
    assert model.loss == "binary_crossentropy"
    assert model.layers[1].rate == 0.25
    assert model.layers[2].padding == "valid"
    assert model.layers[2].activation.__name__ == "relu"
    assert model.layers[-1].activation.__name__ == "sigmoid"
    assert type(model.optimizer).__name__ == "Adam"
    assert float(model.optimizer.learning_rate) == pytest.approx(0.001)


def test_three_classes_give_softmax_probabilities() -> None:
    model = build_model(Config(), classes=3)
    outputs = model.predict_on_batch(np.ones((2, 400), np.int32))
    assert outputs.shape == (2, 3)
    assert outputs.sum(axis=1) == pytest.approx(np.ones(2), abs=1e-6)
    assert model.loss == "sparse_categorical_crossentropy"


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
    rows = network.layer_shapes(model)
    assert [name for name, _ in rows][:3] == ["Embedding", "Dropout", "Conv1D"]
    figures.architecture(rows).save_svg(tmp_path / "picture.svg")
    drawn = (tmp_path / "picture.svg").read_text(encoding="utf-8")
    assert drawn.count('<rect class="layer"') == len(rows)
    assert "Conv1D  (None, 16, 64)" in drawn
