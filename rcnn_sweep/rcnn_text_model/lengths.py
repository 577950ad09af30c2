"""How long texts are, and which go together. This file also travels inside the logged model.

The network sees the zeros before a text, so what it says of one depends on how many there are:
that follows from the text's own length alone, never from its neighbours in a batch.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 4096  # rows looked at at once, so that a large memory-mapped array is never held whole

Positions = NDArray[np.int64]


def padded_lengths(rows: NDArray[Any], width: int | None) -> NDArray[np.int64]:
    """Give the length that each row is padded to, (n,), of ``rows``, (n, maxlen) ids.

    That is the next multiple of ``width`` at or above the length of its text (what follows the
    zeros at its beginning), but at most ``maxlen``; without ``width`` it is ``maxlen``.

    >>> padded_lengths(np.array([[0, 0, 0, 1, 7], [0, 0, 1, 7, 7], [1, 7, 7, 7, 7]]), 2).tolist()
    [2, 4, 5]
    """
    maxlen = rows.shape[1]
    lengths = np.full(len(rows), maxlen, np.int64)
    if width is None:
        return lengths
    for first in range(0, len(rows), BLOCK):
        block = slice(first, first + BLOCK)
        is_word = rows[block] != 0
        words = np.where(is_word.any(axis=1), maxlen - is_word.argmax(axis=1), 1)
        lengths[block] = np.minimum(-(-words // width) * width, maxlen)
    return lengths


def grouped(
    lengths: NDArray[np.int64], size: int, rng: np.random.Generator | None = None
) -> list[Positions]:
    """Give the positions of ``lengths``, (n,), as batches of at most ``size`` of one length.

    They come in order, the shortest first; with ``rng`` the rows of a length are shuffled, and so
    are the batches.

    >>> [batch.tolist() for batch in grouped(np.array([80, 40, 80, 80]), 2)]
    [[1], [0, 2], [3]]
    """
    alike = [np.flatnonzero(lengths == length) for length in np.unique(lengths)]
    if rng is not None:
        alike = [rng.permutation(positions) for positions in alike]
    batches = [rows[i : i + size] for rows in alike for i in range(0, len(rows), size)]
    if rng is not None:
        batches = [batches[place] for place in rng.permutation(len(batches))]
    return batches
