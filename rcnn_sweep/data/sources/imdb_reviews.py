"""The reviews in the Keras archive of IMDB: as rows of word ids, and as word ranks."""

import json
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rcnn_sweep.data.archive import read_arrays
from rcnn_sweep.data.corpus import Encoded
from rcnn_sweep.data.options import DataConfig
from rcnn_sweep.errors import DataError
from rcnn_sweep.rcnn_text_model import Vocabulary, pad_ranks

LABEL_NAMES = ("negative", "positive")
SHUFFLE_SEED = 113  # the default of keras.datasets.imdb.load_data
MAX_WORDS = 1 << 28  # in one split; the real ones have 6 million


def build(path: Path, config: DataConfig, *, index: Path | None) -> Encoded:
    """Encode the archive at ``path``; the rows and their order are those of Keras.

    That is ``keras.datasets.imdb.load_data(num_words=...)`` followed by ``pad_sequences``.
    ``index`` is the word index that belongs to the archive. Raises ``DataError``, naming the
    file, when either is not what it should be.
    """
    arrays = read_arrays(path, ("x_train", "y_train", "x_test", "y_test"))
    rng = np.random.RandomState(SHUFFLE_SEED)
    x_train, y_train, top_train = _split(arrays, "train", path, config, rng)
    x_test, y_test, top_test = _split(arrays, "test", path, config, rng)
    vocabulary = None
    if index is not None:
        words = read_word_index(index)
        _check_pair(max(top_train, top_test), words, path, index)
        vocabulary = Vocabulary(words, config.num_words, config.maxlen, unknown="skip")
    return Encoded(x_train, y_train, x_test, y_test, LABEL_NAMES, vocabulary, notes=())


def sequences(path: Path) -> tuple[list[list[int]], list[list[int]]]:
    """Give the reviews of train and test as word ranks at full length, in the order of ``build``.

    Raises ``DataError``, naming the file, when it is not the archive it should be.
    """
    arrays = read_arrays(path, ("x_train", "x_test"))
    rng = np.random.RandomState(SHUFFLE_SEED)
    return _shuffled(arrays["x_train"], rng), _shuffled(arrays["x_test"], rng)


def _shuffled(reviews: NDArray[Any], rng: np.random.RandomState) -> list[list[int]]:
    order = np.arange(len(reviews))
    rng.shuffle(order)
    return [reviews[row] for row in order]


def read_word_index(path: Path) -> tuple[str, ...]:
    """Give the words of a Keras word index (JSON, word to rank) by rank.

    Raises ``DataError`` unless the ranks are 1, 2, 3 and so on, each once.
    """
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        ranks = sorted(index.values())
        if ranks != list(range(1, len(index) + 1)):
            raise ValueError("its ranks are not 1, 2, 3, ...")
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(
            f"Expected a JSON object of words and their ranks in {path}, "
            f"received another: {error}.\nReplace the file or point data.word_index at another."
        ) from error
    return tuple(sorted(index, key=index.__getitem__))


def _check_pair(top: int, words: tuple[str, ...], path: Path, index: Path) -> None:
    if top > len(words):
        raise DataError(
            f"Expected a word index that belongs to {path} (ranks up to {top}), received {index} "
            f"with {len(words)} words.\nPoint data.word_index at the one made with the archive."
        )


def _split(
    arrays: dict[str, NDArray[Any]],
    name: str,
    path: Path,
    config: DataConfig,
    rng: np.random.RandomState,
) -> tuple[NDArray[Any], NDArray[np.int32], int]:
    try:
        ranks, lengths = _flat(arrays[f"x_{name}"])
        labels = _labels(arrays[f"y_{name}"], len(lengths))
    except (ValueError, TypeError, OverflowError) as error:
        raise DataError(
            f"Expected IMDB's {name} split in {path}, received another: {error}.\n"
            "Replace the file by a whole copy of imdb.npz."
        ) from error
    order = np.arange(len(labels))
    rng.shuffle(order)
    rows = pad_ranks(ranks, lengths, num_words=config.num_words, maxlen=config.maxlen)
    return rows[order], labels[order], int(ranks.max())


def _flat(reviews: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Join the reviews: (total,) ranks and (n,) lengths."""
    lengths = np.fromiter(map(len, reviews), np.int64, len(reviews))
    if not len(lengths):
        raise ValueError("it has no reviews")
    if lengths.sum() > MAX_WORDS:
        raise ValueError(f"it has {lengths.sum():,} words (limit {MAX_WORDS:,})")
    if not lengths.sum():
        raise ValueError("its reviews have no words")
    ranks = np.fromiter(chain.from_iterable(reviews), np.int64, lengths.sum())
    if reviews.dtype.kind not in "Oiu" or ranks.min() < 1:
        raise ValueError("not all of its words are ranks from 1 upwards")
    return ranks, lengths


def _labels(labels: NDArray[Any], count: int) -> NDArray[np.int32]:
    if labels.shape != (count,):
        raise ValueError(f"there are {count} reviews and labels of the shape {labels.shape}")
    if labels.dtype.kind not in "iub" or not np.isin(labels, (0, 1)).all():
        raise ValueError("not all of its labels are 0 or 1")
    return labels.astype(np.int32)
