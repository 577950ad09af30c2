"""Labelled texts, and what is made from them: encoded arrays, lists of words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from rcnn_sweep.data.options import DataConfig
from rcnn_sweep.rcnn_text_model import INDEX_FROM, Vocabulary, count_words, tokenise

Words = Sequence[list[str]]
"""Texts as whole lists of words: nothing cut off, no word left out."""


@dataclass(frozen=True)
class Encoded:
    """Both splits of a source, complete, as the cache stores them.

    ``x_*`` are (n, maxlen) uint16 or uint32, ``y_*`` (n,) int32 ids into ``label_names``.
    ``notes`` are announcements for the record.
    """

    x_train: NDArray[Any]
    y_train: NDArray[np.int32]
    x_test: NDArray[Any]
    y_test: NDArray[np.int32]
    label_names: tuple[str, ...]
    vocabulary: Vocabulary | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Labelled:
    """Texts, (n,) int32 ids into ``label_names``, and (n,) bool, true for the test split."""

    texts: Sequence[str]
    labels: NDArray[np.int32]
    label_names: tuple[str, ...]
    is_test: NDArray[np.bool_]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tokenised(Sequence[list[str]]):
    """Texts as words, each split when it is asked for: words take ten times a text's memory."""

    texts: Sequence[str]

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, place: int) -> list[str]: ...

    @overload
    def __getitem__(self, place: slice) -> "Tokenised": ...

    def __getitem__(self, place: int | slice) -> "list[str] | Tokenised":
        if isinstance(place, slice):
            return Tokenised(self.texts[place])
        return tokenise(self.texts[place])


@dataclass(frozen=True)
class Texts:
    """Both splits as words; row i of a split here is row i of the split that the cache stores."""

    train: Words
    test: Words


def encode(corpus: Labelled, config: DataConfig) -> Encoded:
    """Encode both splits with the vocabulary of the training split alone."""
    train = [text for text, test in zip(corpus.texts, corpus.is_test, strict=True) if not test]
    test = [text for text, test in zip(corpus.texts, corpus.is_test, strict=True) if test]
    words = count_words(train)[: max(config.num_words - INDEX_FROM, 0)]
    vocabulary = Vocabulary(words, config.num_words, config.maxlen, unknown="oov")
    return Encoded(
        x_train=vocabulary.encode(train),
        y_train=corpus.labels[~corpus.is_test],
        x_test=vocabulary.encode(test),
        y_test=corpus.labels[corpus.is_test],
        label_names=corpus.label_names,
        vocabulary=vocabulary,
        notes=(*corpus.notes, *leakage(train, test)),
    )


def words_of(corpus: Labelled) -> Texts:
    """Split both splits into words, in the rows' order of :func:`encode`."""
    pairs = list(zip(corpus.texts, corpus.is_test, strict=True))
    train = [text for text, test in pairs if not test]
    return Texts(Tokenised(train), Tokenised([text for text, test in pairs if test]))


def leakage(train: Sequence[str], test: Sequence[str]) -> tuple[str, ...]:
    """Give a warning that counts the test texts which are also in training, or nothing."""
    seen = set(train)
    count = sum(text in seen for text in test)
    if not count:
        return ()
    return (
        f"{count} of {len(test)} test texts are also training texts, so the test score "
        "flatters the model.",
    )
