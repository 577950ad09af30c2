"""A branch beside the words' path: the n-grams of a text, weighed and summed up.

Each has a learned weight, the same for all at first, times its naive Bayes log-count ratio: what a
linear classifier of naive Bayes features learns (Wang and Manning, *Baselines and Bigrams*, ACL
2012), here by gradient descent and together with the rest of the network.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rcnn_sweep import rules

if TYPE_CHECKING:
    import keras

GATES = ("none", "recurrent")


@dataclass
class NgramsConfig:
    """The branch: n-grams of up to ``order`` words, 0: there is none.

    ``min_count`` is the fewest training texts that have an n-gram which is known, ``alpha`` is
    added to all counts, and ``folds`` is for training texts, whose ratios are those of the other
    folds. ``weight`` is that of each n-gram at first, ``dropout`` leaves out n-grams, and ``alone``
    makes the branch the whole network. With the ``gate`` ``recurrent`` the recurrent layers say at
    each place of the text how much the n-grams there count.
    """

    order: int = 0
    min_count: int = 2
    folds: int = 5
    alpha: float = 1.0
    weight: float = 0.05
    dropout: float = 0.5
    gate: str = "none"
    alone: bool = False


class Counted(Protocol):
    """The options of whatever is made of naive Bayes n-grams."""

    order: int
    min_count: int
    folds: int
    alpha: float


def problems(options: NgramsConfig) -> Iterator[str]:
    """Say which values cannot work, whatever the rest of the network is."""
    yield from counted_problems("ngrams", options)
    yield from rules.above("ngrams.weight", options.weight, 0)
    yield from rules.rate("ngrams.dropout", options.dropout)
    yield from rules.one_of("ngrams.gate", options.gate, GATES)
    if options.gate != "none" and options.order == 0:
        yield (
            "ngrams.gate: expected none with ngrams.order=0, where there are no n-grams to weigh; "
            f"received {options.gate}. Set ngrams=naive_bayes or ngrams.order=3."
        )
    if options.gate != "none" and options.alone:
        yield (
            "ngrams.gate: expected none with ngrams.alone=true, where there is no recurrent layer; "
            f"received {options.gate}. Set ngrams.alone=false."
        )
    if options.alone and options.order == 0:
        yield (
            "ngrams.alone: expected false with ngrams.order=0, where there is no branch to be "
            "alone; received true. Set ngrams=naive_bayes or ngrams.order=3."
        )


def refusals(options: NgramsConfig, maxlen: int) -> Iterator[str]:
    """Say why there is no such branch of texts of ``maxlen`` ids."""
    yield from counted_refusals("ngrams", options, maxlen)


def counted_problems(group: str, options: Counted) -> Iterator[str]:
    """Say which of the options of ``group`` that n-grams have cannot work."""
    yield from rules.at_least(f"{group}.order", options.order, 0)
    yield from rules.at_least(f"{group}.min_count", options.min_count, 1)
    yield from rules.at_least(f"{group}.folds", options.folds, 2)
    yield from rules.above(f"{group}.alpha", options.alpha, 0)


def counted_refusals(group: str, options: Counted, maxlen: int) -> Iterator[str]:
    """Say why n-grams of this order cannot be in texts of ``maxlen`` ids."""
    if options.order > maxlen:
        yield (
            f"{group}.order: expected at most data.maxlen={maxlen}; received {options.order}. "
            "Use a lower order."
        )


def apply(
    options: NgramsConfig,
    grams: "keras.KerasTensor",
    ratios: "keras.KerasTensor",
    *,
    known: int,
    columns: int,
    read: "keras.KerasTensor | None" = None,
) -> "keras.KerasTensor":
    """Build the branch: n-grams and their ratios to logits, ``(batch, columns)``.

    ``grams`` is ``(batch, steps, order)``, numbers up to ``known``, 0 for none; ``ratios``
    ``(batch, steps, order, columns)``. The gate needs what the recurrent layers have ``read``,
    ``(batch, their steps, width)``.
    """
    import keras

    weights = keras.layers.Embedding(
        known + 1, columns, embeddings_initializer=keras.initializers.Constant(options.weight)
    )(grams)
    weighed = keras.layers.Multiply()([weights, ratios])
    kept = keras.layers.Dropout(options.dropout, noise_shape=(None, None, None, 1))(weighed)
    if read is not None:
        kept = keras.layers.Multiply()([kept, _gate(read, grams)])
    return keras.ops.sum(kept, axis=(1, 2))


def _gate(read: "keras.KerasTensor", grams: "keras.KerasTensor") -> "keras.KerasTensor":
    """Say how much the n-grams of each place count: 0 to 2, ``(batch, steps, 1, 1)``; at first 1.

    Convolution and pooling leave fewer steps than the text has: each place has the gate of the
    step that is as far through the text. Made of Keras's own layers and operations, so that a
    saved model needs nothing else.
    """
    from keras import layers, ops

    opened = layers.Dense(1, activation="sigmoid", kernel_initializer="zeros")(read)
    ones = ops.ones_like(grams[..., 0], dtype="float32")
    place, places = ops.cumsum(ones, axis=1) - 1, ops.sum(ones, axis=1, keepdims=True)
    steps = ops.sum(ops.ones_like(opened), axis=1)
    step = ops.cast(ops.floor(place * steps / places), "int32")
    found = ops.take_along_axis(opened, ops.expand_dims(step, -1), axis=1)
    return ops.expand_dims(2.0 * found, -1)
