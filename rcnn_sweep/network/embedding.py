"""The first part: a vector for each word, n-gram scores beside it, and the dropout around both."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from rcnn_sweep import rules
from rcnn_sweep.network.ngrams import counted_problems, counted_refusals
from rcnn_sweep.network.shape import Shape

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray


@dataclass
class EmbeddingConfig:
    """``keras.layers.Embedding``, the dropout before and behind it, channels of n-gram scores.

    ``word_dropout`` is the share of words that training sees as unknown ones, ``spatial_dropout``
    that of the vectors' places left out in all words of a text, and ``dropout`` that of single
    numbers. ``vectors`` names a file of trained word vectors to begin with, and ``trainable`` says
    whether training changes the vectors.

    A channel has, at each position, the naive Bayes log-count ratio of the n-gram that ends there:
    one for each number of words up to ``order`` (0: there is none) and, from three classes on,
    each class, times ``scale``. ``min_count``, ``folds`` and ``alpha`` are as in
    :class:`rcnn_sweep.network.NgramsConfig`. ``dropout`` is theirs, too.
    """

    output_dim: int = 50
    dropout: float = 0.25
    spatial_dropout: float = 0.0
    word_dropout: float = 0.0
    vectors: str | None = None
    trainable: bool = True
    order: int = 0
    min_count: int = 2
    folds: int = 5
    alpha: float = 1.0
    scale: float = 0.5


class KnownVectors(Protocol):
    """Vectors that words begin with."""

    @property
    def ids(self) -> "NDArray[Any]":
        """The words' ids, each once, int ``(n,)``."""

    @property
    def values(self) -> "NDArray[Any]":
        """A vector for each of :attr:`ids`, float32 ``(n, output_dim)``."""


def problems(options: EmbeddingConfig) -> Iterator[str]:
    """Say which values cannot work, whatever the rest of the network is."""
    yield from rules.at_least("embedding.output_dim", options.output_dim, 1)
    yield from rules.rate("embedding.dropout", options.dropout)
    yield from rules.rate("embedding.spatial_dropout", options.spatial_dropout)
    yield from rules.rate("embedding.word_dropout", options.word_dropout)
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
    known: KnownVectors | None = None,
    channels: "keras.KerasTensor | None" = None,
) -> "keras.KerasTensor":
    """Build the part: ids ``(batch, maxlen)`` to vectors ``(batch, maxlen, width)``.

    Words without a ``known`` vector begin as Keras has them begin, whatever is known of others.
    ``channels``, ``(batch, maxlen, some)``, stand behind the ``output_dim`` numbers of a word.
    """
    import keras

    if options.word_dropout:
        ids = _without_some_words(ids, options.word_dropout)
    table = keras.layers.Embedding(num_words, options.output_dim, trainable=options.trainable)
    vectors = table(ids)
    if known is not None:
        [values] = table.get_weights()
        values[known.ids] = known.values
        table.set_weights([values])
    if options.spatial_dropout:
        vectors = keras.layers.SpatialDropout1D(options.spatial_dropout)(vectors)
    if channels is not None:
        scaled = keras.layers.Rescaling(options.scale)(channels)
        vectors = keras.layers.Concatenate()([vectors, scaled])
    return keras.layers.Dropout(options.dropout)(vectors)


def _without_some_words(ids: "keras.KerasTensor", rate: float) -> "keras.KerasTensor":
    """Put the unknown word in the place of some, in training only (Bowman et al., CoNLL 2016).

    Made of Keras's own layers and operations, so that a saved model needs nothing else. What is no
    word, the zeros before a text and its start, stays.
    """
    from keras import layers, ops

    from rcnn_sweep.rcnn_text_model import OUT_OF_VOCABULARY

    ones = ops.ones_like(ids, dtype="float32")
    is_kept = layers.Dropout(rate, name="word_dropout")(ones) > 0
    return ops.where(ops.logical_or(is_kept, ids < OUT_OF_VOCABULARY), ids, OUT_OF_VOCABULARY)
