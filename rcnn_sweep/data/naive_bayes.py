"""The word n-grams of training texts, and what class each speaks for, by naive Bayes.

The measure is the log-count ratio of Wang and Manning, *Baselines and Bigrams*, ACL 2012, of the
presence of an n-gram in a text: ``log((p / sum(p)) / (q / sum(q)))`` where ``p`` is ``alpha`` plus
the number of texts of the class that have the n-gram, ``q`` the same of all other texts, and the
sums are over all n-grams.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rcnn_sweep.data.splits import SEED
from rcnn_sweep.rcnn_text_model import NgramTable

BLOCK = 2048  # texts looked at at once


def known_ngrams(rows: NDArray[Any], *, order: int, min_count: int) -> NgramTable:
    """Find the n-grams of up to ``order`` words that at least ``min_count`` texts have.

    ``rows`` is (n, length) word ids, a row each text.
    """
    table = NgramTable(())
    for _ in range(order):
        of_texts = [_distinct(table.longer_keys(block)) for block in _blocks(rows)]
        keys, texts = np.unique(np.concatenate(of_texts), return_counts=True)
        table = NgramTable((*table.keys, keys[texts >= min_count]))
    return table


def _blocks(rows: NDArray[Any]) -> Iterator[NDArray[Any]]:
    yield from (rows[first : first + BLOCK] for first in range(0, len(rows), BLOCK))


def _distinct(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the values above 0 of each row, (n, length), each once a row, all joined."""
    ordered = np.sort(keys, axis=1)
    is_new = ordered > 0
    is_new[:, 1:] &= ordered[:, 1:] != ordered[:, :-1]
    return ordered[is_new]


def folds_of(count: int, folds: int) -> NDArray[np.int64]:
    """Share ``count`` texts among ``folds`` folds as even as can be: (count,), 0 to ``folds`` - 1.

    Neither their labels nor the training seed have a part in it.
    """
    return np.random.RandomState(SEED).permutation(count) % folds


def log_count_ratios(
    grams: NDArray[np.int32],
    labels: NDArray[np.int32],
    fold: NDArray[np.int64],
    *,
    folds: int,
    size: int,
    classes: int,
    min_count: int,
    alpha: float,
) -> NDArray[np.float32]:
    """Give the log-count ratios without each fold in turn, and of all texts.

    ``grams`` is (n, ...) the numbers of the n-grams that each text has, each once a text, from 1 to
    ``size`` and 0 for none; ``labels`` and ``fold`` are (n,), folds from 0 to ``folds`` - 1.

    Returns (folds + 1, size + 1, classes): ``[f]`` is made of the texts of all other folds, and the
    last of all texts. An n-gram that fewer than ``min_count`` of those texts have is not known
    there: its ratio is 0, as is that of number 0. Two classes have one ratio, that of the second:
    ``(folds + 1, size + 1, 1)``.
    """
    places = [np.flatnonzero(fold == place) for place in range(folds)]
    texts = _without_each([_texts_with(grams[rows], size) for rows in places])
    named = [1] if classes == 2 else range(classes)
    ratios = np.empty((folds + 1, size + 1, len(named)), np.float32)
    for column, name in enumerate(named):
        own = [_texts_with(grams[rows[labels[rows] == name]], size) for rows in places]
        for part, (positive, both) in enumerate(zip(_without_each(own), texts, strict=True)):
            known = both >= min_count
            p = np.where(known, positive + alpha, 0)
            q = np.where(known, both - positive + alpha, 0)
            shift = np.log(q.sum()) - np.log(p.sum()) if known.any() else 0.0
            with np.errstate(divide="ignore", invalid="ignore"):
                ratios[part, :, column] = np.where(known, np.log(p) - np.log(q) + shift, 0)
    return ratios


def _texts_with(grams: NDArray[np.int32], size: int) -> NDArray[np.int64]:
    """Count the texts that have each n-gram, (size + 1,); none has number 0."""
    counts = np.zeros(size + 1, np.int64)
    for block in _blocks(grams):
        counts += np.bincount(block.reshape(-1), minlength=size + 1)
    counts[0] = 0
    return counts


def _without_each(parts: list[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """Give the sum of all but each of ``parts`` in turn, and then of all."""
    total = np.sum(parts, axis=0)
    return [*(total - part for part in parts), total]
