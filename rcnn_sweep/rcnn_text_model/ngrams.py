"""Word n-grams of texts and their ratios. This file also travels inside the logged model.

An n-gram of order k is a run of k words and has its place at its last word. Padding, the start of
a text and words outside the vocabulary (the ids below :data:`FIRST_WORD`) belong to none.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .text import INDEX_FROM

IDS, CHANNELS, GRAMS, RATIOS = "ids", "ngram_channels", "ngrams", "ngram_ratios"
"""The names of the network's inputs."""

CHANNELS_FILE, BRANCH_FILE = "ngram_channels.npz", "ngram_branch.npz"

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


@dataclass(frozen=True)
class TextNgrams:
    """The n-grams of texts, and the ratios that the network is given with them.

    ``grams`` is (n, length, order) int32, as :meth:`NgramTable.find` gives it. ``ratios`` is
    (parts, size + 1, columns) float32, the ratios of each n-gram by its number, and ``part``, (n,),
    says which of them are a text's own.
    """

    grams: NDArray[np.int32]
    ratios: NDArray[np.float32]
    part: NDArray[np.int64]

    def take(
        self, rows: NDArray[Any], length: int
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Give n-grams and ratios of the last ``length`` positions of the texts at ``rows``.

        They are (m, length, order) and (m, length, order, columns).
        """
        grams = self.grams[rows, -length:]
        return grams, self.ratios[self.part[rows][:, None, None], grams]


@dataclass(frozen=True)
class FurtherInputs:
    """What the network is given of texts besides their ids; None: it does not ask for it.

    ``channels`` stand beside the word vectors, ``branch`` is weighed on its own.
    """

    channels: TextNgrams | None = None
    branch: TextNgrams | None = None

    def take(self, rows: NDArray[Any], length: int) -> dict[str, NDArray[Any]]:
        """Give them by name, for the last ``length`` positions of the texts at ``rows``.

        :data:`CHANNELS` is (m, length, order * columns) float32, :data:`GRAMS`
        (m, length, order) int32 and :data:`RATIOS` (m, length, order, columns) float32.
        """
        given: dict[str, NDArray[Any]] = {}
        if self.channels is not None:
            _, ratios = self.channels.take(rows, length)
            given[CHANNELS] = ratios.reshape(len(rows), length, -1)
        if self.branch is not None:
            given[GRAMS], given[RATIOS] = self.branch.take(rows, length)
        return given


def network_inputs(
    ids: NDArray[Any], further: FurtherInputs | None, rows: NDArray[Any], length: int
) -> dict[str, NDArray[Any]]:
    """Give all inputs of the network by name: the last ``length`` positions of ``rows``.

    :data:`IDS` is (m, length) int32, of ``ids``, (n, maxlen).
    """
    given = {IDS: ids[rows, -length:].astype(np.int32)}
    return given if further is None else {**given, **further.take(rows, length)}


@dataclass(frozen=True)
class Ngrams:
    """N-grams and their ratios, (size + 1, columns) float32 by number, for texts yet unseen."""

    table: NgramTable
    ratios: NDArray[np.float32]

    def of(self, rows: NDArray[Any]) -> TextNgrams:
        """Find them in ``rows``, (n, length) ids of all words."""
        return TextNgrams(self.table.find(rows), self.ratios[None], np.zeros(len(rows), np.int64))

    def save(self, path: Path) -> None:
        """Write them as an ``.npz`` file without pickles."""
        keys: dict[str, Any] = {f"keys_{place}": keys for place, keys in enumerate(self.table.keys)}
        with path.open("wb") as file:
            np.savez_compressed(file, ratios=self.ratios, **keys)

    @classmethod
    def load(cls, path: Path) -> "Ngrams":
        """Read what :meth:`save` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            order = len(stored.files) - 1
            keys = tuple(stored[f"keys_{place}"] for place in range(order))
            return cls(NgramTable(keys), stored["ratios"])


@dataclass(frozen=True)
class NgramReader:
    """What reads the further inputs of the network in texts yet unseen; None: not asked for."""

    channels: Ngrams | None = None
    branch: Ngrams | None = None

    @property
    def sizes(self) -> dict[str, int]:
        """How many n-grams ``channels`` and ``branch`` know."""
        parts = {"channels": self.channels, "branch": self.branch}
        return {name: one.table.size for name, one in parts.items() if one is not None}

    def read(self, rows: NDArray[Any]) -> FurtherInputs:
        """Read ``rows``, (n, length) ids of all words."""
        return FurtherInputs(
            None if self.channels is None else self.channels.of(rows),
            None if self.branch is None else self.branch.of(rows),
        )

    def save(self, folder: Path) -> None:
        """Write what there is into ``folder``."""
        if self.channels is not None:
            self.channels.save(folder / CHANNELS_FILE)
        if self.branch is not None:
            self.branch.save(folder / BRANCH_FILE)

    @classmethod
    def load(cls, folder: Path) -> "NgramReader | None":
        """Read what :meth:`save` wrote; None where there was nothing."""
        channels, branch = map(_found, (folder / CHANNELS_FILE, folder / BRANCH_FILE))
        return cls(channels, branch) if channels or branch else None


def _found(path: Path) -> Ngrams | None:
    return Ngrams.load(path) if path.exists() else None
