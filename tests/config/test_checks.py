from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcnn_sweep.config import Config, TrainingConfig, check, problems
from rcnn_sweep.data import ImdbConfig, TableConfig
from rcnn_sweep.errors import UserError
from rcnn_sweep.network import ConvConfig, EmbeddingConfig, LstmConfig, NgramsConfig, PoolConfig
from rcnn_sweep.network import conv as convolution
from rcnn_sweep.network import pool as pooling
from rcnn_sweep.network.shape import Shape

IMPOSSIBLE = [
    (Config(conv=ConvConfig(filters=0)), "conv.filters: expected a whole number, 1 or more"),
    (Config(conv=ConvConfig(kernel_size=401)), r"400 - 401 \+ 1 = 0 steps"),
    (Config(conv=ConvConfig(strides=0)), "conv.strides"),
    (Config(conv=ConvConfig(padding="vald")), "Did you mean valid?"),
    (Config(conv=ConvConfig(activation="rely")), "Did you mean relu?"),
    (Config(pool=PoolConfig(pool_size=397)), r"396 // 397 = 0 steps"),
    (Config(pool=PoolConfig(pool_size=0)), "pool.pool_size"),
    (Config(lstm=LstmConfig(units=-1)), "lstm.units"),
    (Config(embedding=EmbeddingConfig(dropout=1.0)), "embedding.dropout"),
    (Config(embedding=EmbeddingConfig(dropout=float("nan"))), "embedding.dropout"),
    (Config(embedding=EmbeddingConfig(output_dim=0)), "embedding.output_dim"),
    (Config(data=ImdbConfig(maxlen=0)), "data.maxlen"),
    (Config(data=ImdbConfig(num_words=3)), "data.num_words"),
    (Config(data=ImdbConfig(validation="tests")), "Did you mean test?"),
    (Config(data=ImdbConfig(validation_fraction=1.0)), "data.validation_fraction"),
    (Config(data=ImdbConfig(train_limit=0)), "data.train_limit"),
    (Config(data=ImdbConfig(fallback="snipets")), "Did you mean snippets?"),
    (Config(data=TableConfig()), "data.path"),
    (Config(data=TableConfig(path="x.csv", label_column="text")), "different columns"),
    (Config(training=TrainingConfig(learning_rate=-0.1)), "training.learning_rate"),
    (Config(training=TrainingConfig(learning_rate=float("nan"))), "training.learning_rate"),
    (Config(training=TrainingConfig(epochs=0)), "training.epochs"),
    (Config(training=TrainingConfig(seed=-1)), "training.seed"),
    (Config(training=TrainingConfig(keep="beste")), "Did you mean best?"),
    (Config(training=TrainingConfig(monitor="val_los")), "Did you mean val_loss?"),
    (Config(training=TrainingConfig(monitor="test_loss")), "expected one of val_loss, val_acc"),
    (Config(training=TrainingConfig(patience=0)), "training.patience: expected a whole number, 1"),
    (Config(training=TrainingConfig(keep="best")), "keep=best. Set data.validation=holdout"),
    (Config(training=TrainingConfig(patience=2)), "patience=2. Set data.validation=holdout"),
    (Config(training=TrainingConfig(bucket_width=0)), "training.bucket_width"),
    (
        Config(training=TrainingConfig(bucket_width=7)),
        "training.bucket_width: expected at least 8, .* received 7",
    ),
    (Config(training=TrainingConfig(optimizer="adan")), "Did you mean adam?"),
    (Config(embedding=EmbeddingConfig(order=-1)), "embedding.order: expected a whole number, 0"),
    (Config(embedding=EmbeddingConfig(min_count=0)), "embedding.min_count"),
    (Config(embedding=EmbeddingConfig(folds=1)), "embedding.folds: expected a whole number, 2"),
    (Config(embedding=EmbeddingConfig(alpha=0)), "embedding.alpha: expected a finite number above"),
    (Config(embedding=EmbeddingConfig(scale=float("inf"))), "embedding.scale"),
    (
        Config(embedding=EmbeddingConfig(order=401)),
        "embedding.order: expected at most data.maxlen=400; received 401",
    ),
    (Config(ngrams=NgramsConfig(order=401)), "ngrams.order: expected at most data.maxlen=400"),
    (
        Config(ngrams=NgramsConfig(order=400), training=TrainingConfig(batch_size=99_999)),
        r"training.batch_size \* data.maxlen \* ngrams.order: expected at most",
    ),
    (Config(ngrams=NgramsConfig(alpha=float("nan"))), "ngrams.alpha"),
    (Config(ngrams=NgramsConfig(weight=0)), "ngrams.weight"),
    (Config(ngrams=NgramsConfig(dropout=1.0)), "ngrams.dropout"),
    (Config(ngrams=NgramsConfig(alone=True)), "ngrams.alone: expected false with ngrams.order=0"),
    (Config(ngrams=NgramsConfig(order=1, gate="lstm")), "ngrams.gate: expected one of none"),
    (Config(ngrams=NgramsConfig(gate="recurrent")), "ngrams.gate: expected none with ngrams.order"),
    (
        Config(ngrams=NgramsConfig(order=1, alone=True, gate="recurrent")),
        "ngrams.gate: expected none with ngrams.alone=true",
    ),
    (Config(training=TrainingConfig(schedule="cosin")), "Did you mean cosine?"),
    (Config(training=TrainingConfig(schedule_epochs=3)), "at least training.epochs=4"),
    (Config(training=TrainingConfig(ema=1.0)), "training.ema: expected a fraction between 0 and 1"),
    (Config(training=TrainingConfig(ema=float("nan"))), "training.ema"),
    (Config(training=TrainingConfig(clipnorm=0.0)), "training.clipnorm: expected .*, or null"),
    (Config(training=TrainingConfig(clipnorm=float("inf"))), "training.clipnorm"),
    (Config(training=TrainingConfig(label_smoothing=1.0)), "training.label_smoothing"),
    (Config(training=TrainingConfig(class_weights="balance")), "Did you mean balanced?"),
]


@pytest.mark.parametrize(("config", "message"), IMPOSSIBLE, ids=[m for _, m in IMPOSSIBLE])
def test_an_impossible_config_is_refused_with_what_was_expected(
    config: Config, message: str
) -> None:
    with pytest.raises(UserError, match=message) as caught:
        check(config)
    assert "received" in str(caught.value)


def test_the_baseline_has_no_problems() -> None:
    assert list(problems(Config())) == []


def test_a_validation_split_may_select_an_epoch() -> None:
    training = TrainingConfig(keep="best", patience=1, monitor="val_f1_macro")
    assert list(problems(Config(data=ImdbConfig(validation="holdout"), training=training))) == []


def test_the_shortest_texts_of_a_bucket_leave_the_network_a_step() -> None:
    for wide in (8, 40, 4000, None):
        assert list(problems(Config(training=TrainingConfig(bucket_width=wide)))) == []
    padded = Config(conv=ConvConfig(padding="same"), training=TrainingConfig(bucket_width=4))
    assert list(problems(padded)) == []
    large = replace(Config(), conv=ConvConfig(kernel_size=60, strides=2))
    narrow = replace(large, training=TrainingConfig(bucket_width=40))
    assert "at least 66" in next(problems(narrow))
    assert list(problems(replace(large, training=TrainingConfig(bucket_width=66)))) == []
    short = replace(narrow, data=ImdbConfig(maxlen=50), conv=ConvConfig(kernel_size=41))
    assert "at least 44" in next(problems(short))


lengths = st.integers(1, 40)


@settings(max_examples=60, deadline=None)
@given(lengths, lengths, st.integers(1, 9), st.sampled_from(["valid", "same", "causal"]), lengths)
def test_lengths_are_valid_exactly_when_keras_can_compute_them(
    maxlen: int, kernel_size: int, strides: int, padding: str, pool_size: int
) -> None:
    import keras

    config = replace(
        Config(),
        data=ImdbConfig(maxlen=maxlen),
        conv=ConvConfig(kernel_size=kernel_size, strides=strides, padding=padding),
        pool=PoolConfig(pool_size=pool_size),
    )
    conv = keras.layers.Conv1D(1, kernel_size, strides=strides, padding=padding)
    pool = keras.layers.MaxPooling1D(pool_size)
    try:
        steps = conv.compute_output_shape((1, maxlen, 1))[1]
        pooled = pool.compute_output_shape((1, steps, 1))[1]
        possible = steps > 0 and pooled > 0
    except ValueError:
        possible = False
    assert (list(problems(config)) == []) == possible
    if possible:
        windows = convolution.output(config.conv, Shape(maxlen, 1, "width"))
        assert windows.steps == steps
        assert pooling.output(config.pool, windows).steps == pooled
