"""A model of any length of text answers each text alike, whatever else is asked with it."""

import tracemalloc
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from rcnn_sweep.config import Config, TrainingConfig
from rcnn_sweep.data import ImdbConfig, Vocabulary
from rcnn_sweep.network import ConvConfig, EmbeddingConfig, LstmConfig
from rcnn_sweep.rcnn_text_model import TextClassifier, _load_pyfunc, save
from rcnn_sweep.training import build_model

WORDS = tuple(f"w{place}" for place in range(26))
TEXTS = [" ".join(WORDS[: 1 + place % 23]) for place in range(70)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    keras.utils.set_random_seed(3)
    config = Config(
        data=ImdbConfig(maxlen=20, num_words=30),
        embedding=EmbeddingConfig(output_dim=4),
        conv=ConvConfig(filters=4, kernel_size=3),
        lstm=LstmConfig(units=4),
        training=TrainingConfig(bucket_width=6),
    )
    vocabulary = Vocabulary(WORDS, num_words=30, maxlen=20, unknown="oov")
    save(tmp_path, build_model(config, classes=2), vocabulary, ("bad", "good"), 6)
    return tmp_path


def test_what_is_said_of_a_text_does_not_depend_on_its_batch(folder: Path) -> None:
    model = _load_pyfunc(str(folder))
    together = model.probabilities(TEXTS)
    assert together.shape == (70, 2)
    alone = np.concatenate([model.probabilities([text]) for text in TEXTS])
    assert together == pytest.approx(alone, abs=1e-6)
    back = model.probabilities(TEXTS[::-1])[::-1]
    assert back == pytest.approx(together, abs=1e-6)
    assert np.unique(together[:, 1]).size > 15
    assert model.probabilities([]).shape == (0, 2)


def test_texts_are_padded_as_in_training_and_no_length_is_traced_anew(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = _load_pyfunc(str(folder))
    shapes: list[tuple[Any, ...]] = []
    traced: list[tuple[Any, ...]] = []
    graph = type(model._network)
    ask, call = keras.Model.predict_on_batch, graph.call

    def asked(network: keras.Model, ids: np.ndarray) -> Any:
        shapes.append(ids.shape)
        return ask(network, ids)

    def called(network: keras.Model, ids: Any, *options: Any, **more: Any) -> Any:
        traced.append(tuple(ids.shape))
        return call(network, ids, *options, **more)

    monkeypatch.setattr(keras.Model, "predict_on_batch", asked)
    monkeypatch.setattr(graph, "call", called)
    model.probabilities(TEXTS)
    assert {length for _, length in shapes} == {6, 12, 18, 20}
    assert len(traced) <= 3, traced
    assert traced[-1] == (None, None)
    before = len(traced)
    model.probabilities(TEXTS[:5])
    model.probabilities(TEXTS[::3])
    assert len(traced) == before


def test_a_model_whose_texts_are_all_padded_alike_takes_them_whole(folder: Path) -> None:
    loaded = _load_pyfunc(str(folder))
    whole = TextClassifier(loaded._network, loaded._vocabulary, ("bad", "good"), None)
    ids = loaded._vocabulary.encode(TEXTS).astype(np.int32)
    expected = loaded._network.predict_on_batch(ids)[:, 0]
    assert whole.probabilities(TEXTS)[:, 1] == pytest.approx(expected, abs=1e-6)
    assert not np.allclose(whole.probabilities(TEXTS), loaded.probabilities(TEXTS), atol=1e-6)


def test_many_texts_in_one_call_need_no_more_memory_than_a_block_of_them() -> None:
    class Even:
        def predict_on_batch(self, ids: np.ndarray) -> np.ndarray:
            return np.full((len(ids), 1), 0.25, np.float32)

    vocabulary = Vocabulary(WORDS, num_words=30, maxlen=2000, unknown="oov")
    model = TextClassifier(Even(), vocabulary, ("bad", "good"), None)
    tracemalloc.start()
    try:
        found = model.probabilities(["w1 w2"] * 30_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (found == [0.75, 0.25]).all()
    assert peak < 120e6  # the ids of all would be 240 MB, and as much again while they are made


def test_the_model_travels_without_its_optimizer(folder: Path) -> None:
    assert not keras.models.load_model(folder / "network.keras").compiled
