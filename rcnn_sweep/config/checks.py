"""Judge a configuration before anything is imported, downloaded or recorded.

Every rule is one row: the key, whether its value is right, and what was expected. The rules
about lengths follow Keras's own arithmetic, which a test compares with Keras itself.
"""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from rcnn_sweep.config.schema import SOURCES, Config, DataConfig, TableConfig, flat
from rcnn_sweep.errors import UserError
from rcnn_sweep.process import without_password

CHOICES = {
    "data.name": tuple(SOURCES),
    "data.validation": ("test", "holdout"),
    "data.fallback": ("snippets", None),
    "conv.padding": ("valid", "same", "causal"),
    "conv.activation": (
        *("relu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid", "softplus", "linear"),
        *("leaky_relu", "relu6", "mish", "exponential", "hard_sigmoid", "softsign"),
    ),
    "training.optimizer": ("adam", "adamw", "nadam", "rmsprop", "sgd"),
}

AT_LEAST_ONE = (
    *("data.maxlen", "data.train_limit", "data.test_limit"),
    *("embedding.output_dim", "conv.filters", "conv.kernel_size", "conv.strides"),
    *("pool.pool_size", "lstm.units", "training.batch_size", "training.epochs"),
)

FRACTIONS = ("data.validation_fraction", "data.test_fraction")

# Ids 0 to 3 are padding, start, out of vocabulary and Keras's unused one: fewer leave no word.
FEWEST_WORDS = 5
# keras.utils.set_random_seed seeds NumPy, which takes 32 bits.
HIGHEST_SEED = 2**32 - 1
# Many kernels of TensorFlow count in 32 bits, and 8 GiB for one tensor is a slip of the keyboard.
MOST_NUMBERS = 2**31 - 1


def check(config: Config) -> None:
    """Raise :class:`UserError` with the first reason why this configuration cannot work."""
    for reason in problems(config):
        raise UserError(reason)


def problems(config: Config) -> Iterator[str]:
    """Give every reason why this configuration cannot work: values first, then lengths."""
    values = flat(config)
    wrong = [*_choices(values), *_ranges(values), *_sources(config.data)]
    wrong += refused_passwords(f"{key}={value}" for key, value in values.items())
    yield from wrong
    if not wrong:
        yield from _lengths(config)
        yield from _sizes(config)


def refused_passwords(overrides: Iterable[str]) -> list[str]:
    """Give a refusal for each address with a password in ``overrides``.

    Hydra writes every override to disk and MLflow records every key.
    """
    refused = []
    for override in overrides:
        key = override.partition("=")[0].lstrip("+")
        if not key.startswith("hydra.") and without_password(override) != override:
            refused.append(
                f"{key}: expected an address without a password, since configs are recorded; "
                "received one with. A store's goes into the environment: MLFLOW_TRACKING_URI."
            )
    return refused


def convolved_length(length: int, kernel_size: int, strides: int, padding: str) -> int:
    """Give the steps that ``Conv1D`` makes of ``length`` steps (0 or less: impossible)."""
    if padding == "valid":
        length -= kernel_size - 1
    return -(-length // strides)


def pooled_length(length: int, pool_size: int) -> int:
    """Give the steps that ``MaxPooling1D`` (stride = size, no padding) makes of ``length``."""
    return length // pool_size


def _choices(values: dict[str, Any]) -> Iterator[str]:
    for key, choices in CHOICES.items():
        if key in values and values[key] not in choices:
            listed = ", ".join("null" if choice is None else choice for choice in choices)
            near = get_close_matches(str(values[key]), [c for c in choices if c], 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            yield f"{key}: expected one of {listed}; received {values[key]!r}.{hint}"


def _ranges(values: dict[str, Any]) -> Iterator[str]:
    rules: list[tuple[str, int, int | None]] = [(key, 1, None) for key in AT_LEAST_ONE]
    rules += [("data.num_words", FEWEST_WORDS, None), ("training.seed", 0, HIGHEST_SEED)]
    for key, low, high in rules:
        value = values.get(key)
        if value is not None and (value < low or (high is not None and value > high)):
            upto = "or more" if high is None else f"to {high}"
            yield f"{key}: expected a whole number, {low} {upto}; received {value}."
    yield from _fractions(values)
    if not 0 < values["training.learning_rate"] < float("inf"):
        yield (
            "training.learning_rate: expected a finite number above 0 (Keras's default is "
            f"0.001); received {values['training.learning_rate']}."
        )


def _fractions(values: dict[str, Any]) -> Iterator[str]:
    for key in FRACTIONS:
        if key in values and not 0 < values[key] < 1:
            yield f"{key}: expected a fraction between 0 and 1, both excluded; " + (
                f"received {values[key]}."
            )
    if not 0 <= values["embedding.dropout"] < 1:
        yield "embedding.dropout: expected 0 or more and below 1 (at 1 nothing is left); " + (
            f"received {values['embedding.dropout']}."
        )


def _sources(data: DataConfig) -> Iterator[str]:
    if isinstance(data, TableConfig):
        if data.path is None:
            yield "data.path: expected your CSV, TSV, JSON lines or Parquet file; received none."
        columns = [data.text_column, data.label_column, data.split_column]
        named = [column for column in columns if column is not None]
        if len(set(named)) < len(named):
            yield "data: expected different columns for text, label and split; received " + (
                f"{', '.join(named)}. Set data.text_column, data.label_column, data.split_column."
            )


def _lengths(config: Config) -> Iterator[str]:
    conv, maxlen, pool_size = config.conv, config.data.maxlen, config.pool.pool_size
    steps = convolved_length(maxlen, conv.kernel_size, conv.strides, conv.padding)
    if steps < 1:
        yield (
            f"conv.kernel_size: expected at most data.maxlen={maxlen} with conv.padding=valid; "
            f"received {conv.kernel_size} ({maxlen} - {conv.kernel_size} + 1 = "
            f"{maxlen - conv.kernel_size + 1} steps). Use a smaller kernel or conv.padding=same."
        )
    elif pooled_length(steps, pool_size) < 1:
        yield (
            f"pool.pool_size: expected at most the convolution's output of {steps} steps; "
            f"received {pool_size} ({steps} // {pool_size} = 0 steps). "
            "Use a smaller pool or a longer data.maxlen."
        )


def _sizes(config: Config) -> Iterator[str]:
    """Refuse a tensor too large for TensorFlow: word vectors, kernels, one batch of either."""
    data, conv, width = config.data, config.conv, config.embedding.output_dim
    batch, units = config.training.batch_size, config.lstm.units
    tensors = {
        "data.num_words * embedding.output_dim": data.num_words * width,
        "conv.kernel_size * embedding.output_dim * conv.filters": (
            conv.kernel_size * width * conv.filters
        ),
        "4 * lstm.units * conv.filters": 4 * units * conv.filters,
        "4 * lstm.units * lstm.units": 4 * units * units,
        "training.batch_size * data.maxlen * embedding.output_dim": batch * data.maxlen * width,
        "training.batch_size * data.maxlen * conv.filters": batch * data.maxlen * conv.filters,
    }
    for product, numbers in tensors.items():
        if numbers > MOST_NUMBERS:
            yield (
                f"{product}: expected at most {MOST_NUMBERS:,} numbers in one tensor; "
                f"received {numbers:,}."
            )
