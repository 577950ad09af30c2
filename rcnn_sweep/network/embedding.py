"""The first part: a vector for each word, n-gram scores beside it, and the dropout behind both."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rcnn_sweep import rules
from rcnn_sweep.network.ngrams import counted_problems, counted_refusals
from rcnn_sweep.network.shape import Shape

if TYPE_CHECKING:
    import keras


@dataclass
class EmbeddingConfig:
    """``keras.layers.Embedding``, channels of n-gram scores beside it, dropout behind both.

    A channel has, at each position, the naive Bayes log-count ratio of the n-gram that ends there:
    one for each number of words up to ``order`` (0: there is none) and, from three classes on,
    each class, times ``scale``. ``min_count``, ``folds`` and ``alpha`` are as in
    :class:`rcnn_sweep.network.NgramsConfig`.
    """

    output_dim: int = 50
    dropout: float = 0.25
    order: int = 0
    min_count: int = 2
    folds: int = 5
    alpha: float = 1.0
    scale: float = 0.5


def problems(options: EmbeddingConfig) -> Iterator[str]:
    """Say which values cannot work, whatever the rest of the network is."""
    yield from rules.at_least("embedding.output_dim", options.output_dim, 1)
    yield from rules.rate("embedding.dropout", options.dropout)
    yield from counted_problems("embedding", options)
    yield from rules.above("embedding.scale", options.scale, 0)


def refusals(options: EmbeddingConfig, maxlen: int) -> Iterator[str]:
    """Say why the part cannot read texts of ``maxlen`` ids."""
    yield from counted_refusals("embedding", options, maxlen)


def output(options: EmbeddingConfig, maxlen: int) -> Shape:
    """Compute what the part makes of ``maxlen`` ids of two classes; more have more channels."""
    if options.order:
        width = options.output_dim + options.order
        return Shape(maxlen, width, "(embedding.output_dim + embedding.order)")
    return Shape(maxlen, options.output_dim, "embedding.output_dim")


def weights(options: EmbeddingConfig, num_words: int) -> Mapping[str, int]:
    """Count the numbers of each weight tensor, by the product of the options that decide it."""
    return {"data.num_words * embedding.output_dim": num_words * options.output_dim}


def apply(
    options: EmbeddingConfig,
    ids: "keras.KerasTensor",
    num_words: int,
    channels: "keras.KerasTensor | None" = None,
) -> "keras.KerasTensor":
    """Build the part: ids ``(batch, maxlen)`` to vectors ``(batch, maxlen, width)``.

    ``channels``, ``(batch, maxlen, some)``, stand behind the ``output_dim`` numbers of a word.
    """
    import keras

    vectors = keras.layers.Embedding(num_words, options.output_dim)(ids)
    if channels is not None:
        scaled = keras.layers.Rescaling(options.scale)(channels)
        vectors = keras.layers.Concatenate()([vectors, scaled])
    return keras.layers.Dropout(options.dropout)(vectors)
