"""The n-grams of a dataset's texts, with the ratios that its training texts decide."""

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import numpy as np

from rcnn_sweep.data.dataset import Dataset, load
from rcnn_sweep.data.naive_bayes import folds_of, known_ngrams, log_count_ratios
from rcnn_sweep.errors import DataError
from rcnn_sweep.rcnn_text_model import (
    EVERY_WORD,
    FurtherInputs,
    NgramReader,
    Ngrams,
    TextNgrams,
    Vocabulary,
)

MOST_NUMBERS = 2**31 - 1
"""In one array: 8 GiB of n-grams are beyond what a worker of a sweep can have."""

log = logging.getLogger(__name__)


class NgramOptions(Protocol):
    """Which n-grams, of up to ``order`` words, count, and how their ratios are taken."""

    order: int
    min_count: int
    folds: int
    alpha: float


@dataclass(frozen=True)
class _Read:
    """N-grams and their ratios: of the texts of both splits, and what reads them in others.

    The n-grams of a split are those of its stored rows, zeros for rows that are not its own.
    """

    train: TextNgrams
    validation: TextNgrams
    reader: Ngrams
    vocabulary: Vocabulary | None


_kept: dict[tuple[Any, ...], _Read] = {}
"""What was read last: a worker of a sweep trains many trials on the same rows."""


def ngram_problems(dataset: Dataset, group: str, options: NgramOptions) -> Iterator[str]:
    """Say why this dataset's n-grams cannot be used as ``options`` of ``group`` ask for."""
    texts, maxlen = len(dataset.train), dataset.config.maxlen
    if texts < options.folds:
        yield (
            f"{group}.folds: expected at most as many as there are training texts, {texts}; "
            f"received {options.folds}. Use fewer folds or more texts."
        )
    stored = max(len(dataset.train.x), len(dataset.validation.x))
    if (numbers := stored * maxlen * options.order) > MOST_NUMBERS:
        yield (
            f"{group}.order: expected at most {MOST_NUMBERS:,} n-grams in all texts; received "
            f"{stored:,} texts * data.maxlen={maxlen} * order {options.order} = {numbers:,}. "
            "Use a lower order or a shorter data.maxlen."
        )


def with_ngrams(
    dataset: Dataset, *, channels: NgramOptions | None = None, branch: NgramOptions | None = None
) -> Dataset:
    """Give ``dataset`` with the network's further inputs, and what reads them in other texts.

    N-grams and ratios are those of the training rows alone. A training text has the ratios of the
    other folds, in which its own label has no part; all other texts have those of all training
    texts. The vocabulary then has every word.
    """
    given = {"channels": channels, "branch": branch}
    wanted = {name: options for name, options in given.items() if options is not None}
    if not wanted:
        return dataset
    keys = [_key(dataset, options) for options in wanted.values()]
    for key in [key for key in _kept if key not in keys]:
        del _kept[key]
    read = {name: _read(dataset, options) for name, options in wanted.items()}
    train = FurtherInputs(**{name: one.train for name, one in read.items()})
    validation = FurtherInputs(**{name: one.validation for name, one in read.items()})
    held = replace(dataset.validation, further=validation)
    return replace(
        dataset,
        train=replace(dataset.train, further=train),
        validation=held,
        test=None if dataset.test is None else held,
        vocabulary=next(one.vocabulary for one in read.values()),
        ngrams=NgramReader(**{name: one.reader for name, one in read.items()}),
    )


def _key(dataset: Dataset, options: NgramOptions) -> tuple[Any, ...]:
    counted = (options.order, options.min_count, options.folds, options.alpha)
    return dataset.sha256, json.dumps(asdict(dataset.config)), *counted


def _read(dataset: Dataset, options: NgramOptions) -> _Read:
    key = _key(dataset, options)
    if key not in _kept:
        started = time.perf_counter()
        _kept[key] = _read_anew(dataset, options)
        log.info(
            "N-grams: %s of up to %d words, in at least %d of %s training texts (%.1f s).",
            f"{_kept[key].reader.table.size:,}",
            options.order,
            options.min_count,
            f"{len(dataset.train):,}",
            time.perf_counter() - started,
        )
    return _kept[key]


def _read_anew(dataset: Dataset, options: NgramOptions) -> _Read:
    whole = load(replace(dataset.config, num_words=EVERY_WORD), say=log.debug)
    train, held = whole.train, whole.validation
    table = known_ngrams(train.x[train.rows], order=options.order, min_count=options.min_count)
    grams = np.zeros((*train.x.shape, options.order), np.int32)  # rows left alone take no memory
    held_grams = grams
    if held.x is not train.x:
        held_grams = np.zeros((*held.x.shape, options.order), np.int32)
    grams[train.rows] = table.find(train.x[train.rows])
    held_grams[held.rows] = table.find(held.x[held.rows])
    _check_size(table.size, options, len(dataset.label_names))
    fold = folds_of(len(train), options.folds)
    ratios = log_count_ratios(
        grams[train.rows],
        train.labels,
        fold,
        folds=options.folds,
        size=table.size,
        classes=len(dataset.label_names),
        min_count=options.min_count,
        alpha=options.alpha,
    )
    part = np.full(len(train.y), options.folds)
    part[train.rows] = fold
    return _Read(
        TextNgrams(grams, ratios, part),
        TextNgrams(held_grams, ratios, np.full(len(held.y), options.folds)),
        Ngrams(table, ratios[-1]),
        _of_the_network(whole.vocabulary, dataset.config.num_words),
    )


def _check_size(size: int, options: NgramOptions, classes: int) -> None:
    if (numbers := (options.folds + 1) * (size + 1) * classes) > MOST_NUMBERS:
        raise DataError(
            f"n-grams: expected at most {MOST_NUMBERS:,} ratios; received (folds={options.folds} + "
            f"1) * {size + 1:,} n-grams * {classes} classes = {numbers:,}.\n"
            f"Raise min_count={options.min_count} or lower order={options.order}."
        )


def _of_the_network(vocabulary: Vocabulary | None, num_words: int) -> Vocabulary | None:
    """Give the vocabulary of all words with the network's ids."""
    return None if vocabulary is None else replace(vocabulary, num_words=num_words)
