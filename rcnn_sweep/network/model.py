"""A graph of the parts: a config becomes a compiled ``keras.Model``.

Words become vectors, convolutions read them in short windows, pooling thins them out, recurrent
layers read what is left in order, and one dense layer decides. With the defaults it is the
notebook's network: 303,935 parameters.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from rcnn_sweep.network import conv, embedding, head, ngrams, pool, recurrent

if TYPE_CHECKING:
    import keras

# Many kernels of TensorFlow count in 32 bits, and 8 GiB for one tensor is a slip of the keyboard.
MOST_NUMBERS = 2**31 - 1


class Options(Protocol):
    """The options of all parts."""

    embedding: embedding.EmbeddingConfig
    conv: conv.ConvConfig
    pool: pool.PoolConfig
    lstm: recurrent.LstmConfig
    ngrams: ngrams.NgramsConfig


def problems(options: Options) -> Iterator[str]:
    """Say which values cannot work, whatever the data is."""
    yield from embedding.problems(options.embedding)
    yield from conv.problems(options.conv)
    yield from pool.problems(options.pool)
    yield from recurrent.problems(options.lstm)
    yield from ngrams.problems(options.ngrams)


def ngram_uses(options: Options) -> "dict[str, embedding.EmbeddingConfig | ngrams.NgramsConfig]":
    """Give the groups whose options ask for n-grams, by what those are to the network.

    They are ``channels`` beside the word vectors, and a ``branch``.
    """
    uses: dict[str, embedding.EmbeddingConfig | ngrams.NgramsConfig] = {}
    if options.embedding.order and not options.ngrams.alone:
        uses["channels"] = options.embedding
    if options.ngrams.order:
        uses["branch"] = options.ngrams
    return uses


def refusals(options: Options, *, num_words: int, maxlen: int, batch_size: int) -> Iterator[str]:
    """Say why the parts do not fit on each other, or on any machine; their values are right.

    The arithmetic of lengths is Keras's own, which a test compares with Keras itself.
    """
    yield from ngrams.refusals(options.ngrams, maxlen)
    batch = {"data.maxlen * ngrams.order": maxlen * options.ngrams.order}
    tensors = {}
    if not options.ngrams.alone:
        yield from embedding.refusals(options.embedding, maxlen)
        words = embedding.output(options.embedding, maxlen)
        windows = conv.output(options.conv, words)
        yield from _too_short(options, maxlen)
        pooled = pool.output(options.pool, windows)
        read = recurrent.sequence(options.lstm, pooled)
        batch |= {f"data.maxlen * {shape.key}": maxlen * shape.width for shape in (words, windows)}
        batch[f"{read.steps} steps * {read.key}"] = read.steps * read.width
        tensors = {
            **embedding.weights(options.embedding, num_words),
            **conv.weights(options.conv, words),
            **recurrent.weights(options.lstm, pooled),
        }
    tensors |= {f"training.batch_size * {each}": batch_size * batch[each] for each in batch}
    for product, numbers in tensors.items():
        if numbers > MOST_NUMBERS:
            yield (
                f"{product}: expected at most {MOST_NUMBERS:,} numbers in one tensor; "
                f"received {numbers:,}."
            )


def _too_short(options: Options, length: int) -> Iterator[str]:
    if options.ngrams.alone:
        return
    words = embedding.output(options.embedding, length)
    if reasons := [*conv.refusals(options.conv, words)]:
        yield from reasons
    else:
        yield from pool.refusals(options.pool, conv.output(options.conv, words))


def shortest(options: Options, maxlen: int) -> int:
    """Give the fewest ids of a text that leave the LSTM a step; ``maxlen`` ids are enough."""
    lengths = range(1, maxlen)
    return 1 + bisect_left(lengths, True, key=lambda length: not any(_too_short(options, length)))


def build(
    options: Options,
    *,
    num_words: int,
    maxlen: int | None,
    classes: int,
    ngrams_known: int = 0,
    optimizer: "keras.optimizers.Optimizer",
    label_smoothing: float = 0.0,
    metrics: Sequence[str] = (),
    vectors: embedding.KnownVectors | None = None,
) -> "keras.Model":
    """Build and compile the network for ``classes`` classes; ``metrics`` are Keras's names.

    Words begin with their ``vectors`` as far as these are known.

    Input: ids below ``num_words``, int32 of shape ``(batch, maxlen)``; without ``maxlen`` rows of
    any length from :func:`shortest`. N-grams have further inputs, named and shaped as
    :func:`rcnn_sweep.rcnn_text_model.network_inputs` gives them; ``ngrams_known`` is the number of
    those of the branch. Output: float32, ``(batch, 1)`` with the probability of the second class
    for two classes, else ``(batch, classes)``.
    """
    import keras

    from rcnn_sweep.rcnn_text_model import CHANNELS, GRAMS, IDS, RATIOS

    columns = head.columns(classes)
    inputs = {IDS: keras.Input((maxlen,), dtype="int32", name=IDS)}
    uses = ngram_uses(options)
    branches, logits, read = [], None, None
    if "channels" in uses:
        width = options.embedding.order * columns
        inputs[CHANNELS] = keras.Input((maxlen, width), name=CHANNELS)
    if not options.ngrams.alone:
        words = embedding.apply(
            options.embedding, inputs[IDS], num_words, vectors, inputs.get(CHANNELS)
        )
        windows = conv.apply(options.conv, words)
        pooled = pool.apply(options.pool, windows)
        if options.ngrams.gate == "none":
            branches = [recurrent.apply(options.lstm, pooled)]
        else:
            vector, read = recurrent.apply_each_step(options.lstm, pooled)
            branches = [vector]
    if "branch" in uses:
        order = options.ngrams.order
        inputs[GRAMS] = keras.Input((maxlen, order), dtype="int32", name=GRAMS)
        inputs[RATIOS] = keras.Input((maxlen, order, columns), name=RATIOS)
        logits = ngrams.apply(
            options.ngrams,
            inputs[GRAMS],
            inputs[RATIOS],
            known=ngrams_known,
            columns=columns,
            read=read,
        )
    outputs = head.apply(branches, classes, logits)
    only = next(iter(inputs.values()))
    model = keras.Model(only if len(inputs) == 1 else inputs, outputs, name="rcnn")
    loss = head.loss(classes, label_smoothing)
    model.compile(optimizer=optimizer, loss=loss, metrics=list(metrics))
    return model
