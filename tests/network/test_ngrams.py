"""What the network makes of n-grams: channels beside the word vectors, and a branch."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from rcnn_sweep import network
from rcnn_sweep.config import Config
from rcnn_sweep.data import ImdbConfig
from rcnn_sweep.network import (
    ConvConfig,
    EmbeddingConfig,
    LstmConfig,
    NgramsConfig,
    ngrams,
    recurrent,
)
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


@pytest.mark.parametrize("bidirectional", [False, True])
def test_steps_beside_the_vector_change_nothing_of_it(bidirectional: bool) -> None:
    for output in recurrent.OUTPUTS:
        options = LstmConfig(3, "gru", bidirectional, layers=2, output=output)
        steps = keras.Input((6, 2))
        alone = keras.Model(steps, recurrent.apply(options, steps))
        vector, each = recurrent.apply_each_step(options, steps)
        both = keras.Model(steps, [vector, each])
        both.set_weights(alone.get_weights())
        given = np.random.default_rng(0).normal(size=(4, 6, 2)).astype(np.float32)
        found, outputs = both.predict_on_batch(given)
        assert found == pytest.approx(alone.predict_on_batch(given), abs=1e-6)
        assert outputs.shape == (4, 6, 3 * (1 + bidirectional))


GATED = replace(SMALL, ngrams=NgramsConfig(order=2, gate="recurrent"))


def test_a_gate_lets_all_ngrams_through_before_training() -> None:
    plain = build_model(replace(GATED, ngrams=NgramsConfig(order=2)), classes=3, ngrams_known=KNOWN)
    gated = build_model(GATED, classes=3, ngrams_known=KNOWN)
    assert gated.count_params() - plain.count_params() == 6 + 1  # lstm.units and a bias
    [gate] = [one for one in gated.layers if isinstance(one, keras.layers.Dense) and one.units == 1]
    assert not any(weight.any() for weight in gate.get_weights())
    given_by = {tuple(one.shape for one in layer.weights): layer for layer in plain.layers}
    for layer in gated.layers:
        if layer.weights and layer is not gate:
            layer.set_weights(given_by[tuple(one.shape for one in layer.weights)].get_weights())
    given = inputs(gated, 4)
    assert gated.predict_on_batch(given) == pytest.approx(plain.predict_on_batch(given), abs=1e-6)


@pytest.mark.parametrize(("places", "steps"), [(12, 5), (5, 5), (7, 1), (1000, 249)])
def test_each_place_has_the_gate_of_the_step_as_far_through_the_text(
    places: int, steps: int
) -> None:
    grams = keras.Input((None, 1), dtype="int32")
    ratios, read = keras.Input((None, 1, 1)), keras.Input((None, 1))
    options = NgramsConfig(order=1, weight=1.0, dropout=0.0, gate="recurrent")
    logits = ngrams.apply(options, grams, ratios, known=1, columns=1, read=read)
    model = keras.Model([grams, ratios, read], logits)
    [gate] = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    gate.set_weights([np.ones((1, 1)), np.zeros(1)])
    for place in range(0, places, 1 + places // 20):
        only = np.zeros((1, places, 1, 1), np.float32)
        only[0, place] = 1
        values = np.linspace(-1, 1, steps, dtype=np.float32).reshape(1, steps, 1)
        found = model.predict_on_batch([np.zeros((1, places, 1), np.int32), only, values])
        expected = 2 / (1 + np.exp(-values[0, place * steps // places, 0]))
        assert found.item() == pytest.approx(expected, abs=1e-5)
