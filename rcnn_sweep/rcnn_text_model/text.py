"""Texts to rows of word ids. This file also travels inside the logged model.

It therefore needs NumPy and nothing else of the package. Ids are those of
``keras.datasets.imdb``: 0 fills up short rows at their beginning, 1 starts every text, 2 stands
for a word outside the vocabulary, and the word of rank r (1 = the most frequent) is r + 3.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[Any]

START, OUT_OF_VOCABULARY, INDEX_FROM = 1, 2, 3
UNKNOWN_RANK = OUT_OF_VOCABULARY - INDEX_FROM  # a rank that the shift turns into id 2
EVERY_WORD = 2**31 - 1
"""As ``num_words``, it leaves no word out."""
BLOCK = 4096  # texts encoded at once, so that a large corpus is never held as one list of words

# The filters of the Keras Tokenizer, which made the IMDB archive.
_SEPARATORS = str.maketrans(dict.fromkeys('!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n', " "))


def tokenise(text: str) -> list[str]:
    """Give the lower-case words of ``text``, apostrophes kept, punctuation dropped.

    Splitting at every Unicode white space (not at blanks only, as Keras does today) is what
    reproduces all 50,000 sequences of the IMDB archive from the raw reviews.
    """
    return text.lower().translate(_SEPARATORS).split()


def id_dtype(num_words: int) -> np.dtype[Any]:
    """Give the smallest of uint16 and uint32 that holds the ids 0 to ``num_words`` - 1."""
    return np.dtype(np.uint16 if num_words <= 2**16 else np.uint32)


def capped(rows: Ids, num_words: int) -> Ids:
    """Give rows of any ids as those of a vocabulary of ``num_words`` ids.

    >>> capped(np.array([[0, 1, 9, 4]]), num_words=9).tolist()
    [[0, 1, 2, 4]]
    """
    return np.where(rows < num_words, rows, OUT_OF_VOCABULARY).astype(id_dtype(num_words))


def pad_ranks(ranks: Ids, lengths: Ids, *, num_words: int, maxlen: int) -> Ids:
    """Lay out texts of word ranks as rows of ids.

    ``ranks`` is (total,) integer, all texts joined; ``lengths`` is (n,) integer and sums to
    ``total``. Returns (n, maxlen) of :func:`id_dtype`: the last ``maxlen`` of the start marker
    and the ids, zeros before them, as Keras's ``load_data`` and ``pad_sequences`` give.
    """
    shifted = np.asarray(ranks, np.int64) + INDEX_FROM
    ids = capped(shifted, num_words)
    kept = np.minimum(lengths, maxlen)
    columns = np.arange(maxlen)
    rows = np.zeros((len(lengths), maxlen), ids.dtype)
    for first in range(0, len(lengths), BLOCK):
        block = slice(first, first + BLOCK)
        _fill(rows[block], ids, np.cumsum(lengths)[block], kept[block], columns)
    short = np.flatnonzero(kept < maxlen)
    rows[short, maxlen - 1 - kept[short]] = START
    return rows


def _fill(rows: Ids, ids: Ids, ends: Ids, kept: Ids, columns: Ids) -> None:
    maxlen = len(columns)
    used = columns >= maxlen - kept[:, None]
    sources = ends[:, None] + (columns - maxlen)
    rows[used] = ids[sources[used]]


def count_words(texts: Iterable[str]) -> tuple[str, ...]:
    """Give all words of ``texts``, the most frequent first, ties by first appearance."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(tokenise(text))
    return tuple(word for word, _ in counts.most_common())


@dataclass(frozen=True)
class Vocabulary:
    """Words by rank with the settings that turn a text into a row of ids.

    ``words[0]`` has rank 1. ``unknown`` says what becomes of a word that is not in ``words``:
    ``"skip"`` leaves it out (the IMDB archive does), ``"oov"`` gives it id 2. Words that are in
    ``words`` but beyond ``num_words`` ids get id 2 in either case.

    >>> Vocabulary(("good", "film"), num_words=9, maxlen=4, unknown="oov").encode(["A good film!"])
    array([[1, 2, 4, 5]], dtype=uint16)
    """

    words: tuple[str, ...] = field(repr=False)
    num_words: int
    maxlen: int
    unknown: str

    @cached_property
    def _ranks(self) -> dict[str, int]:
        return {word: rank for rank, word in enumerate(self.words, start=1)}

    def encode(self, texts: Sequence[str]) -> Ids:
        """Give ``texts`` as (n, maxlen) ids of :func:`id_dtype`."""
        rows = np.zeros((len(texts), self.maxlen), id_dtype(self.num_words))
        for first in range(0, len(texts), BLOCK):
            block = slice(first, first + BLOCK)
            rows[block] = self._encode_block(texts[block])
        return rows

    def _encode_block(self, texts: Sequence[str]) -> Ids:
        known = [self._known(tokenise(text)) for text in texts]
        lengths = np.fromiter(map(len, known), np.int64, len(known))
        ranks = np.fromiter((rank for row in known for rank in row), np.int64, lengths.sum())
        return pad_ranks(ranks, lengths, num_words=self.num_words, maxlen=self.maxlen)

    def _known(self, words: list[str]) -> list[int]:
        ranks = self._ranks
        if self.unknown == "skip":
            return [ranks[word] for word in words if word in ranks]
        return [ranks.get(word, UNKNOWN_RANK) for word in words]

    def decode(self, row: Ids) -> str:
        """Give the words of a row of ids, ``(length,)``, a dot for each that is unknown.

        >>> Vocabulary(("good", "film"), 9, 4, "oov").decode(np.array([0, 1, 2, 5]))
        '· film'
        """
        words = (
            "·" if id_ == OUT_OF_VOCABULARY else self.words[id_ - INDEX_FROM - 1]
            for id_ in map(int, row)
            if id_ not in (0, START)
        )
        return " ".join(words)

    def to_json(self) -> str:
        """Give the vocabulary as JSON text; :meth:`from_json` reads it back."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Vocabulary":
        """Read what :meth:`to_json` wrote; raises ``ValueError`` or ``TypeError`` otherwise."""
        fields = json.loads(text)
        return cls(**{**fields, "words": tuple(fields["words"])})
