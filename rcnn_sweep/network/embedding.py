"""The first part: a vector for each word, and the dropout behind it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rcnn_sweep import rules
from rcnn_sweep.network.shape import Shape

if TYPE_CHECKING:
    import keras


@dataclass
class EmbeddingConfig:
    """``keras.layers.Embedding`` and the dropout behind it."""

    output_dim: int = 50
    dropout: float = 0.25


def problems(options: EmbeddingConfig) -> Iterator[str]:
    """Say which values cannot work, whatever the rest of the network is."""
    yield from rules.at_least("embedding.output_dim", options.output_dim, 1)
    yield from rules.rate("embedding.dropout", options.dropout)


def output(options: EmbeddingConfig, maxlen: int) -> Shape:
    """Compute what the part makes of ``maxlen`` ids."""
    return Shape(maxlen, options.output_dim, "embedding.output_dim")


def weights(options: EmbeddingConfig, num_words: int) -> Mapping[str, int]:
    """Count the numbers of each weight tensor, by the product of the options that decide it."""
    return {"data.num_words * embedding.output_dim": num_words * options.output_dim}


def apply(
    options: EmbeddingConfig, ids: "keras.KerasTensor", num_words: int
) -> "keras.KerasTensor":
    """Build the part: ids ``(batch, maxlen)`` to vectors ``(batch, maxlen, output_dim)``."""
    import keras

    vectors = keras.layers.Embedding(num_words, options.output_dim)(ids)
    return keras.layers.Dropout(options.dropout)(vectors)
