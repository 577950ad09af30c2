"""What the network makes of n-grams: channels beside the word vectors, and a branch."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from rcnn_sweep import network
from rcnn_sweep.config import Config
from rcnn_sweep.data import ImdbConfig
from rcnn_sweep.network import ConvConfig, EmbeddingConfig, LstmConfig, NgramsConfig
from rcnn_sweep.training import build_model

SMALL = Config(
    data=ImdbConfig(maxlen=12, num_words=30),
    embedding=EmbeddingConfig(output_dim=4),
    conv=ConvConfig(filters=5, kernel_size=3),
    lstm=LstmConfig(units=6),
)
ALONE = replace(SMALL, ngrams=NgramsConfig(order=2, alone=True))
KNOWN = 7


def inputs(model: keras.Model, texts: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    given = {}
    for name, tensor in model.input.items():
        shape = (texts, *tensor.shape[1:])
        most = KNOWN + 1 if name == "ngrams" else 30
        if tensor.dtype == "int32":
            given[name] = rng.integers(0, most, shape, np.int32)
        else:
            given[name] = rng.normal(size=shape).astype(np.float32)
    return given


@pytest.mark.parametrize("classes", [2, 3])
def test_the_branch_alone_is_a_linear_classifier_of_weighed_ratios(classes: int) -> None:
    model = build_model(ALONE, classes=classes, ngrams_known=KNOWN)
    columns = 1 if classes == 2 else classes
    weights = np.random.default_rng(1).normal(size=(KNOWN + 1, columns))
    first, kernel, bias = model.get_weights()
    assert np.array_equal(first, np.full((KNOWN + 1, columns), np.float32(0.05)))
    assert not bias.any()
    bias = np.arange(columns) + 0.5
    model.set_weights([weights, kernel, bias])
    given = inputs(model, 5)
    logits = (weights[given["ngrams"]] * given["ngram_ratios"]).sum(axis=(1, 2)) + bias
    powers = np.exp(logits)
    expected = 1 / (1 + np.exp(-logits)) if columns == 1 else powers / powers.sum(1, keepdims=True)
    assert model.predict_on_batch(given) == pytest.approx(expected, abs=1e-5)
    assert not any(isinstance(layer, keras.layers.LSTM) for layer in model.layers)


def test_an_ngram_is_dropped_for_all_classes_at_once() -> None:
    config = replace(ALONE, ngrams=replace(ALONE.ngrams, dropout=0.5))
    model = build_model(config, classes=3, ngrams_known=KNOWN)
    [dropout] = [one for one in model.layers if isinstance(one, keras.layers.Dropout)]
    kept = np.array(dropout(np.ones((50, 12, 2, 3), np.float32), training=True))
    assert set(np.unique(kept)) == {0.0, 2.0}
    assert np.array_equal(kept[..., 0], kept[..., 1])
    assert 0.4 < (kept > 0).mean() < 0.6


@pytest.mark.parametrize("classes", [2, 3])
def test_channels_stand_behind_the_word_vectors_scaled_and_under_one_dropout(classes: int) -> None:
    columns = 1 if classes == 2 else classes
    config = replace(SMALL, embedding=EmbeddingConfig(output_dim=4, order=3, scale=0.5))
    model = build_model(config, classes=classes)
    assert model.input["ngram_channels"].shape == (None, 12, 3 * columns)
    given = inputs(model, 2)
    [embedding] = [one for one in model.layers if isinstance(one, keras.layers.Embedding)]
    [dropout] = [one for one in model.layers if isinstance(one, keras.layers.Dropout)]
    seen = keras.Model(model.input, dropout.output).predict_on_batch(given)
    assert seen.shape == (2, 12, 4 + 3 * columns)
    assert np.array_equal(seen[..., :4], embedding.get_weights()[0][given["ids"]])
    assert seen[..., 4:] == pytest.approx(0.5 * given["ngram_channels"])
    plain = build_model(SMALL, classes=classes)
    assert model.count_params() - plain.count_params() == 3 * columns * (3 * 5)  # kernel, filters


def test_the_branch_is_added_to_the_words_logit() -> None:
    both = replace(SMALL, ngrams=NgramsConfig(order=2))
    model = build_model(both, classes=2, ngrams_known=KNOWN)
    given = inputs(model, 4)
    without = {**given, "ngram_ratios": 0 * given["ngram_ratios"]}
    found, words = (
        np.log(outputs / (1 - outputs))
        for outputs in (model.predict_on_batch(given), model.predict_on_batch(without))
    )
    branch = 0.05 * given["ngram_ratios"].sum(axis=(1, 2))
    assert found - words == pytest.approx(branch, abs=1e-4)
    assert np.ptp(words) > 0


def test_the_branch_alone_needs_no_steps_and_no_channels() -> None:
    short = replace(ALONE, data=ImdbConfig(maxlen=2), embedding=EmbeddingConfig(order=3))
    assert list(network.refusals(short, num_words=30, maxlen=2, batch_size=64)) == []
    assert network.shortest(short, 2) == 1
    assert [*network.ngram_uses(short)] == ["branch"]
    assert [*network.ngram_uses(SMALL)] == []
    channels = replace(SMALL, embedding=EmbeddingConfig(order=3))
    assert network.ngram_uses(channels) == {"channels": channels.embedding}
