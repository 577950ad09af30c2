"""Every option of every group, alone and in pairs: it composes, and is what Keras builds."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, islice, product
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import network_groups

import rcnn_sweep
from rcnn_sweep.config import Config, TrainingConfig, config_folder, problems
from rcnn_sweep.data import ImdbConfig, WordVectors
from rcnn_sweep.network import (
    ConvConfig,
    EmbeddingConfig,
    LstmConfig,
    PoolConfig,
    conv,
    embedding,
    pool,
    recurrent,
)
from rcnn_sweep.network.shape import Shape
from rcnn_sweep.training import build_model, seed_everything

MAXLEN = 24
SMALL = ("data.num_words=30", f"data.maxlen={MAXLEN}", "embedding.output_dim=3")
SMALL += ("conv.filters=4", "lstm.units=5")

GROUPS = network_groups()


def pairs() -> Iterator[tuple[str, str]]:
    for one, other in combinations(GROUPS, 2):
        yield from product(
            *([f"{group}={name}" for name in GROUPS[group]] for group in (one, other))
        )


def test_the_groups_have_the_options_that_are_documented() -> None:
    page = (config_folder().parent / "docs" / "network.md").read_text(encoding="utf-8")
    for group, names in GROUPS.items():
        for name in names:
            assert f"`{group}={name}`" in page


def stepwise(config: Config, length: int | None) -> Iterator[tuple[Shape, Any]]:
    """The shape that each part computes beside the tensor that Keras gives."""
    steps = 1000 if length is None else length
    shape = embedding.output(config.embedding, steps)
    order = config.embedding.order
    channels = keras.Input((length, order)) if order else None
    ids = keras.Input((length,), dtype="int32")
    tensor = embedding.apply(config.embedding, ids, 30, channels=channels)
    yield shape, tensor
    for part, options in ((conv, config.conv), (pool, config.pool)):
        shape, tensor = part.output(options, shape), part.apply(options, tensor)
        yield shape, tensor
    yield recurrent.output(config.lstm, shape), recurrent.apply(config.lstm, tensor)


def check_shapes(config: Config) -> None:
    for shape, tensor in stepwise(config, config.data.maxlen):
        steps = () if tensor.ndim == 2 else (shape.steps,)
        assert tuple(tensor.shape) == (None, *steps, shape.width)
    for shape, tensor in stepwise(config, None):
        assert tensor.shape[-1] == shape.width


@pytest.mark.parametrize("pair", [*pairs()], ids=" ".join)
def test_every_pair_of_options_is_built_with_the_shapes_that_are_computed(
    pair: tuple[str, str],
) -> None:
    config = rcnn_sweep.compose(*SMALL, *pair)
    assert list(problems(config)) == []
    check_shapes(config)


@pytest.mark.parametrize("cell", recurrent.GATES)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layers", [1, 2])
def test_every_output_of_every_cell_has_the_width_that_is_computed(
    cell: str, bidirectional: bool, layers: int
) -> None:
    for output in recurrent.OUTPUTS:
        options = LstmConfig(3, cell, bidirectional, layers, output)
        for length in (6, None):
            tensor = recurrent.apply(options, keras.Input((length, 2)))
            assert tensor.shape == (None, recurrent.output(options, Shape(6, 2, "x")).width)


@settings(max_examples=40, deadline=None)
@given(
    length=st.integers(1, 30),
    convolution=st.builds(
        ConvConfig,
        filters=st.just(2),
        kernel_size=st.integers(1, 7),
        strides=st.integers(1, 3),
        padding=st.sampled_from(conv.PADDINGS),
        kernels=st.integers(1, 3),
        layers=st.integers(0, 3),
    ),
    pooling=st.builds(PoolConfig, st.integers(1, 5), st.sampled_from(pool.KINDS)),
)
def test_a_network_is_refused_exactly_where_keras_cannot_build_it(
    length: int, convolution: ConvConfig, pooling: PoolConfig
) -> None:
    config = Config(
        data=ImdbConfig(maxlen=length, num_words=30),
        embedding=EmbeddingConfig(output_dim=2),
        conv=convolution,
        pool=pooling,
    )
    reasons = list(problems(config))
    try:
        built = [*islice(stepwise(config, length), 3)]  # what follows takes any step
        is_possible = all(size > 0 for _, tensor in built for size in tensor.shape[1:])
    except ValueError:
        is_possible = False
    assert (reasons == []) is is_possible, reasons
    if is_possible:
        for shape, tensor in built:
            assert tuple(tensor.shape) == (None, shape.steps, shape.width)


@pytest.mark.parametrize("lstm", [LstmConfig(units=3, layers=2, bidirectional=True), LstmConfig(2)])
@pytest.mark.parametrize("cell", recurrent.GATES)
@pytest.mark.parametrize("convolution", [ConvConfig(4, kernels=2, layers=2), ConvConfig(layers=0)])
def test_weights_are_counted_as_keras_makes_them(
    lstm: LstmConfig, cell: str, convolution: ConvConfig
) -> None:
    config = Config(
        data=ImdbConfig(maxlen=40, num_words=30),
        embedding=EmbeddingConfig(output_dim=7),
        conv=convolution,
        lstm=replace(lstm, cell=cell),
    )
    words = embedding.output(config.embedding, 40)
    windows = pool.output(config.pool, conv.output(config.conv, words))
    counted = {
        *conv.weights(config.conv, words).values(),
        *recurrent.weights(config.lstm, windows).values(),
    }
    made = [weight.shape for weight in build_model(config, classes=2).weights]
    assert counted <= {int(np.prod(shape)) for shape in made}
    kernels = [shape for shape in made[1:-2] if len(shape) > 1 and shape[0] > 2]
    assert max(int(np.prod(shape)) for shape in kernels) == max(counted)


def outputs(config: Config, ids: np.ndarray, *, training: bool = True) -> np.ndarray:
    seed_everything(5, deterministic=True)
    return build_model(config, classes=2)(ids, training=training).numpy()


@pytest.mark.parametrize(
    "options",
    [
        {"embedding": EmbeddingConfig(4, dropout=0.0, spatial_dropout=0.5)},
        {"embedding": EmbeddingConfig(4, dropout=0.0, word_dropout=0.5)},
        {"lstm": LstmConfig(4, dropout=0.5)},
        {"lstm": LstmConfig(4, recurrent_dropout=0.5, bidirectional=True, layers=2)},
    ],
    ids=["spatial", "word", "inputs", "state"],
)
def test_dropout_is_of_training_alone_and_follows_the_seed(options: dict[str, Any]) -> None:
    plain = {"embedding": EmbeddingConfig(4, dropout=0.0), "conv": ConvConfig(4, layers=0)}
    config = Config(**{"data": ImdbConfig(maxlen=12, num_words=30), **plain, **options})
    ids = np.random.default_rng(0).integers(3, 30, (8, 12), np.int32)
    assert np.array_equal(outputs(config, ids), outputs(config, ids))
    model = build_model(config, classes=2)
    first = model(ids, training=True).numpy()
    assert not np.array_equal(first, model(ids, training=True).numpy())
    assert np.array_equal(model(ids).numpy(), model(ids).numpy())


def test_word_dropout_makes_words_unknown_and_leaves_padding_and_start() -> None:
    ids = keras.Input((None,), dtype="int32")
    seed_everything(0, deterministic=True)
    model = keras.Model(ids, embedding._without_some_words(ids, 0.25))
    row = np.array([[0, 0, 1, *range(2, 1002)]], np.int32)
    assert np.array_equal(model(row, training=False).numpy(), row)
    seen = model(row, training=True).numpy()
    assert seen[0, :3].tolist() == [0, 0, 1]
    is_changed = seen != row
    assert set(seen[is_changed].tolist()) == {2}
    assert 0.2 < is_changed.mean() < 0.3


def test_words_begin_with_their_vectors_and_others_as_without_a_file() -> None:
    config = Config(
        data=ImdbConfig(maxlen=12, num_words=9), embedding=EmbeddingConfig(3, trainable=False)
    )
    tables = []
    known = WordVectors(np.array([4, 7]), np.eye(2, 3, dtype=np.float32), 5, "")
    for vectors in (None, known):
        seed_everything(1, deterministic=True)
        model = build_model(config, classes=2, vectors=vectors)
        assert "embedding" not in {weight.path.split("/")[0] for weight in model.trainable_weights}
        tables.append(model.get_weights()[0])
    plain, begun = tables
    assert np.array_equal(begun[[4, 7]], known.values)
    rest = [0, 1, 2, 3, 5, 6, 8]
    assert np.array_equal(begun[rest], plain[rest]) and np.abs(plain).min() > 0


def test_attention_weighs_steps_by_what_they_hold() -> None:
    steps = keras.Input((3, 2))
    model = keras.Model(steps, recurrent._attended(steps))
    [dense] = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    dense.set_weights([np.array([[2.0], [0.0]])])
    x = np.array([[[1.0, 5.0], [-1.0, 7.0], [0.0, 9.0]]])
    scores = np.exp(2 * np.tanh(x[0, :, 0]))
    assert model(x).numpy()[0] == pytest.approx(scores @ x[0] / scores.sum(), rel=1e-5)


def test_windows_side_by_side_end_with_the_same_word() -> None:
    options = ConvConfig(filters=1, kernel_size=1, kernels=3, strides=2, activation="linear")
    steps = keras.Input((9, 1))
    model = keras.Model(steps, conv.apply(options, steps))
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv1D):
            kernel, bias = layer.get_weights()
            kernel[:] = 0
            kernel[-1] = 1  # of its window, the last word
            layer.set_weights([kernel, bias])
    seen = model(np.arange(9.0).reshape(1, 9, 1)).numpy()[0]
    assert seen.tolist() == [[2.0] * 3, [4.0] * 3, [6.0] * 3, [8.0] * 3]


ALONE = """
import sys
sys.modules["rcnn_sweep"] = None
import keras, numpy as np
for file in sys.argv[1:]:
    model = keras.models.load_model(file)
    ids, outputs = np.load(file + ".npz").values()
    np.testing.assert_array_equal(model.predict_on_batch(ids), outputs)
    print("same")
"""


@pytest.mark.slow
def test_networks_are_saved_whole_and_load_where_there_is_only_keras(tmp_path: Path) -> None:
    chosen = [
        ("conv=parallel", "lstm=attention", "embedding.word_dropout=0.2"),
        ("conv=stacked", "pool=average", "lstm=gru", "lstm.output=max_average"),
        ("conv=none", "pool=none", "lstm=bidirectional", "lstm.recurrent_dropout=0.1"),
        ("conv=strided", "embedding.spatial_dropout=0.2", "lstm.layers=2", "lstm.output=average"),
    ]
    ids = np.random.default_rng(0).integers(0, 30, (4, MAXLEN), np.int32)
    files = []
    for place, words in enumerate(chosen):
        model = build_model(rcnn_sweep.compose(*SMALL, *words), classes=3)
        file = f"{tmp_path / str(place)}.keras"
        model.save(file)
        np.savez(f"{file}.npz", ids=ids, outputs=model.predict_on_batch(ids))
        files.append(file)
    done = subprocess.run(
        [sys.executable, "-c", ALONE, *files], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout.split() == ["same"] * len(chosen), done.stderr


def test_short_texts_need_as_many_ids_as_the_widest_of_all_kernels() -> None:
    convolution = ConvConfig(kernel_size=3, kernels=3, layers=2)
    config = Config(conv=convolution, training=TrainingConfig(bucket_width=11))
    assert "at least 12," in next(problems(config))
    assert list(problems(replace(config, training=TrainingConfig(bucket_width=12)))) == []
    averaged = replace(config, pool=PoolConfig(kind="none"))
    assert list(problems(replace(averaged, training=TrainingConfig(bucket_width=9)))) == []
    whole = replace(averaged, conv=ConvConfig(layers=0), training=TrainingConfig(bucket_width=1))
    assert list(problems(whole)) == []
