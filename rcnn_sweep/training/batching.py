"""Rows become batches: of all texts, or each of texts that are padded to the same length."""

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from rcnn_sweep.data import Split
from rcnn_sweep.rcnn_text_model import IDS, grouped, network_inputs, padded_lengths


def batches(
    split: Split,
    batch_size: int,
    *,
    bucket_width: int | None = None,
    shuffle_seed: int | None = None,
) -> tf.data.Dataset:
    """Give ``(inputs, labels)`` batches: ids, int32 ``(batch, maxlen)``, and int32 ``(batch,)``.

    Where the split has further inputs of the network, the inputs are a dictionary by their names.

    With ``bucket_width`` each text is padded to the next multiple of it, and a batch holds texts
    of one padded length: its ids have shape ``(batch, length)``. ``shuffle_seed`` decides the order
    of every epoch, which is another each time; without one rows come in order (of their padded
    lengths, then their own: :func:`in_order`).

    Rows are gathered from the memory-mapped arrays batch by batch, so no process copies the
    set. Autotuning is off: with it, TensorFlow 2.21 sleeps up to seconds whenever the pipeline
    of a finished epoch is torn down.
    """
    lengths = split_lengths(split, bucket_width)

    def inputs(positions: np.ndarray) -> dict[str, np.ndarray]:
        rows, length = split.rows[positions], int(lengths[positions[0]])
        return network_inputs(split.x, split.further, rows, length)

    def gather(positions: np.ndarray) -> list[np.ndarray]:
        labels = split.y[split.rows[positions]].astype(np.int32)
        return [*inputs(positions).values(), labels]

    like = inputs(np.zeros(1, np.int64))
    types = [*(array.dtype for array in like.values()), np.int32]

    def shaped(positions: tf.Tensor) -> tuple[tf.Tensor | dict[str, tf.Tensor], tf.Tensor]:
        *arrays, labels = tf.numpy_function(gather, [positions], types, stateful=False)
        length = split.x.shape[1] if bucket_width is None else None
        named = {
            name: tf.ensure_shape(array, (None, length, *one.shape[2:]))
            for (name, one), array in zip(like.items(), arrays, strict=True)
        }
        return named if len(named) > 1 else named[IDS], tf.ensure_shape(labels, (None,))

    options = tf.data.Options()
    options.autotune.enabled = False
    if bucket_width is None:
        positions = _all_alike(len(split), batch_size, shuffle_seed)
    else:
        positions = _by_length(lengths, batch_size, shuffle_seed)
    return positions.map(shaped).prefetch(1).with_options(options)


def split_lengths(split: Split, bucket_width: int | None) -> NDArray[np.int64]:
    """Give the length that each row of ``split`` is padded to, (n,)."""
    if bucket_width is None:
        return np.full(len(split), split.x.shape[1], np.int64)
    return padded_lengths(split.x, bucket_width)[split.rows]


def in_order(split: Split, bucket_width: int | None) -> NDArray[np.int64]:
    """Give the positions of the rows of ``split`` as unshuffled :func:`batches` have them, (n,)."""
    return np.argsort(split_lengths(split, bucket_width), kind="stable")


def _all_alike(count: int, batch_size: int, shuffle_seed: int | None) -> tf.data.Dataset:
    positions = tf.data.Dataset.range(count)
    if shuffle_seed is not None:
        positions = positions.shuffle(count, seed=shuffle_seed)
    return positions.batch(batch_size)


def _by_length(
    lengths: NDArray[np.int64], batch_size: int, shuffle_seed: int | None
) -> tf.data.Dataset:
    """Give the positions of each batch; an epoch draws them as it takes its first one.

    A dataset made from a generator would do, but TensorFlow 2.21 then changes how the whole
    process gives memory back.
    """
    rng = None if shuffle_seed is None else np.random.default_rng(shuffle_seed)
    drawn = grouped(lengths, batch_size)

    def batch(place: int) -> NDArray[np.int64]:
        if place == 0 and rng is not None:
            drawn[:] = grouped(lengths, batch_size, rng)
        return drawn[place]

    def positions(place: tf.Tensor) -> tf.Tensor:
        return tf.ensure_shape(tf.numpy_function(batch, [place], tf.int64), (None,))

    return tf.data.Dataset.range(len(drawn)).map(positions)
