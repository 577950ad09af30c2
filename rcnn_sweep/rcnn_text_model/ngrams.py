"""Word n-grams of texts and their scores. This file also travels inside the logged model.

An n-gram of order k is a run of k words and has its place at its last word. Padding, the start of
a text and words outside the vocabulary (the ids below :data:`FIRST_WORD`) belong to none.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .text import INDEX_FROM

FIRST_WORD = INDEX_FROM + 1
BLOCK = 2048  # texts looked at at once: some ten arrays of 64-bit numbers of their positions


@dataclass(frozen=True)
class NgramTable:
    """The n-grams that are known, by number: 1, 2, ... ``size``; 0 is none.

    ``keys[k - 1]`` has those of order k, sorted int64. A word's key is its id. That of a longer
    n-gram is made from the places, from 1, of two others in their ``keys``: of the n-gram without
    its last word, and of its last word.

    >>> table = NgramTable((np.array([4, 5]), np.array([1 * 3 + 2])))  # two words and their pair
    >>> table.find(np.array([[0, 4, 5, 9, 5]])).tolist()
    [[[0, 0], [1, 0], [2, 3], [0, 0], [0, 0]]]
    """

    keys: tuple[NDArray[np.int64], ...]

    @property
    def order(self) -> int:
        """The number of words of the longest n-grams."""
        return len(self.keys)

    @property
    def size(self) -> int:
        """The number of n-grams."""
        return sum(map(len, self.keys))

    def find(self, rows: NDArray[Any]) -> NDArray[np.int32]:
        """Give the number of the n-gram of each order that ends at each position.

        ``rows`` is (n, length) word ids; the result (n, length, order) int32. An n-gram that the
        text has had before counts as none: it counts at its first place alone.
        """
        found = np.zeros((*rows.shape, self.order), np.int32)
        for first in range(0, len(rows), BLOCK):
            block = slice(first, first + BLOCK)
            start = 0
            for column, places in enumerate(self._places(rows[block])):
                found[block, :, column] = np.where(_is_first(places), places + start, 0)
                start += len(self.keys[column])
        return found

    def longer_keys(self, rows: NDArray[Any]) -> NDArray[np.int64]:
        """Give the key of the n-gram of one word more than those known that ends at each position.

        ``rows`` is (n, length) word ids; the result (n, length), 0 where there is none or one of
        its two parts is not known.
        """
        return self._longer(self._places(rows), rows)

    def _places(self, rows: NDArray[Any]) -> list[NDArray[np.int64]]:
        found: list[NDArray[np.int64]] = []
        for keys in self.keys:
            found.append(_places_in(keys, self._longer(found, rows)))
        return found

    def _longer(self, places: list[NDArray[np.int64]], rows: NDArray[Any]) -> NDArray[np.int64]:
        if not places:
            return np.where(rows < FIRST_WORD, 0, rows).astype(np.int64)
        last, before = places[0][:, 1:], places[-1][:, :-1]
        longer = np.zeros(rows.shape, np.int64)
        both = (last > 0) & (before > 0)
        longer[:, 1:] = np.where(both, before * (len(self.keys[0]) + 1) + last, 0)
        return longer


def _places_in(keys: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the place from 1 of each of ``wanted`` in the sorted ``keys``, 0 where it is not."""
    if not len(keys):
        return np.zeros(wanted.shape, np.int64)
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, places + 1, 0)


def _is_first(places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark each row's first position of every value above 0."""
    order = np.argsort(places, axis=1, kind="stable")
    ordered = np.take_along_axis(places, order, axis=1)
    is_new = ordered > 0
    is_new[:, 1:] &= ordered[:, 1:] != ordered[:, :-1]
    first = np.zeros(places.shape, np.bool_)
    np.put_along_axis(first, order, is_new, axis=1)
    return first
