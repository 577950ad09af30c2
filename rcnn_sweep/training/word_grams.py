"""Which n-grams of words a text has, as scikit-learn's transformers, and how much each tells.

Texts are lists of words. An n-gram is a whole number made from the numbers of its words, so that
counting them is sorting whole numbers: IMDB's 18 million take seconds and no dictionary of strings.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin

Ids = NDArray[np.int64]


class WordGrams(TransformerMixin, BaseEstimator):
    """Says which n-grams of 1 to ``order`` words a text has, of those in ``min_count`` texts."""

    def __init__(self, order: int = 3, min_count: int = 2) -> None:
        """Keep the options, as scikit-learn wants it."""
        self.order, self.min_count = order, min_count

    def fit(self, texts: Sequence[Sequence[str]], y: Any = None) -> Self:
        """Learn the n-grams of ``texts``."""
        self.fit_transform(texts)
        return self

    def fit_transform(self, texts: Sequence[Sequence[str]], y: Any = None) -> sparse.csr_array:
        """Learn the n-grams of ``texts`` and mark them: float32 ``(texts, n-grams)``, 0 or 1."""
        words = sorted(set(chain.from_iterable(texts)))
        self.words_ = {word: place for place, word in enumerate(words)}
        self.grams_: list[Ids] = []
        return self._marked(texts, learns=True)

    def transform(self, texts: Sequence[Sequence[str]]) -> sparse.csr_array:
        """Mark the known n-grams of ``texts``, as :meth:`fit_transform` does."""
        return self._marked(texts, learns=False)

    def _marked(self, texts: Sequence[Sequence[str]], *, learns: bool) -> sparse.csr_array:
        """Go from each order to the next: an n-gram that is kept ends in a shorter one that is."""
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        total, get = int(lengths.sum()), self.words_.get
        words = np.fromiter((get(word, -1) for word in chain.from_iterable(texts)), np.int64, total)
        rows = np.repeat(np.arange(len(texts)), lengths)
        ends, shorter, base = np.arange(total), np.zeros(total, np.int64), len(self.words_) + 1
        marks: list[tuple[Ids, Ids]] = []
        for n in range(1, self.order + 1):
            if n > 1:  # the n-gram that ends here goes on from the shorter one that ended before
                goes_on = (ends + 1 < total) & (rows[np.minimum(ends + 1, total - 1)] == rows[ends])
                ends, shorter = ends[goes_on] + 1, shorter[goes_on]
            is_known = words[ends] >= 0
            ends, shorter = ends[is_known], shorter[is_known]
            keys = shorter * base + words[ends]
            if learns:
                self.grams_.append(_frequent(keys, rows[ends], self.min_count))
            known = self.grams_[n - 1]
            places = np.searchsorted(known, keys)
            found = places < len(known)
            found[found] = known[places[found]] == keys[found]
            ends, shorter = ends[found], places[found]
            marks.append((rows[ends], shorter))
        return _matrix(marks, [len(known) for known in self.grams_], len(texts))


def _frequent(keys: Ids, rows: Ids, least: int) -> Ids:
    """Give the keys, in order, that are in ``least`` rows or more; ``rows`` are in order."""
    order = np.argsort(keys, kind="stable")
    keys, rows = keys[order], rows[order]
    is_new = np.ones(len(keys), bool)
    is_new[1:] = (keys[1:] != keys[:-1]) | (rows[1:] != rows[:-1])
    found, counts = np.unique(keys[is_new], return_counts=True)
    return found[counts >= least]


def _matrix(marks: list[tuple[Ids, Ids]], widths: list[int], rows: int) -> sparse.csr_array:
    starts = np.cumsum([0, *widths])
    where = np.concatenate([row for row, _ in marks])
    columns = np.concatenate([p + start for (_, p), start in zip(marks, starts, strict=False)])
    where, columns = where.astype(np.int32), columns.astype(np.int32)  # as liblinear wants them
    ones = np.ones(len(where), np.float32)
    matrix = sparse.csr_array((ones, (where, columns)), shape=(rows, int(starts[-1])))
    matrix.data[:] = 1  # however often a text has it
    return matrix


class LogCountRatio(TransformerMixin, BaseEstimator):
    """Scales each feature by how much more often the class 1 has it than the class 0.

    That is ``log((p / |p|) / (q / |q|))`` with ``p`` and ``q`` the counts in either class plus
    ``alpha`` and ``|.|`` their sums (Wang and Manning, ACL 2012, equation 2).
    """

    def __init__(self, alpha: float = 1.0) -> None:
        """Keep the options, as scikit-learn wants it."""
        self.alpha = alpha

    def fit(self, x: sparse.csr_array, y: Any) -> Self:
        """Learn the ratios ``ratios_`` ``(features,)`` from ``x`` and classes ``y``, 0 or 1."""
        is_one = np.asarray(y) == 1
        p, q = (self.alpha + x[side].sum(axis=0, dtype=np.float64) for side in (is_one, ~is_one))
        ratios = np.log(p / p.sum()) - np.log(q / q.sum())
        self.ratios_ = np.asarray(ratios, np.float32).ravel()
        return self

    def transform(self, x: sparse.csr_array) -> sparse.csr_array:
        """Give ``x`` with its columns scaled."""
        scaled = x.copy()
        scaled.data = scaled.data * self.ratios_[scaled.indices]
        return scaled
