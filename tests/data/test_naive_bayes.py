"""The n-grams and their ratios against plain Python that counts them one by one."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcnn_sweep.data.naive_bayes import folds_of, known_ngrams, log_count_ratios
from rcnn_sweep.rcnn_text_model import NgramTable

Ngram = tuple[int, ...]


def ngrams_at(row: list[int], order: int) -> list[list[Ngram | None]]:
    """What ends at each position, an entry an order: None where it is not of words alone."""
    found = []
    for end in range(len(row)):
        runs = [tuple(row[end - k : end + 1]) if end >= k else () for k in range(order)]
        found.append([run if run and min(run) >= 4 else None for run in runs])
    return found


def bag(row: list[int], order: int) -> set[Ngram]:
    return {gram for place in ngrams_at(row, order) for gram in place if gram is not None}


def texts_with(rows: list[list[int]], order: int) -> Counter[Ngram]:
    return Counter(gram for row in rows for gram in bag(row, order))


def slow_ratios(
    rows: list[list[int]], is_in: list[bool], order: int, least: int, alpha: float
) -> dict[Ngram, float]:
    both = texts_with(rows, order)
    own = texts_with([row for row, own in zip(rows, is_in, strict=True) if own], order)
    known = [gram for gram in both if both[gram] >= least]
    p = sum(own[gram] + alpha for gram in known)
    q = sum(both[gram] - own[gram] + alpha for gram in known)
    return {
        gram: math.log((own[gram] + alpha) / p) - math.log((both[gram] - own[gram] + alpha) / q)
        for gram in known
    }


def names_of(table: NgramTable, rows: list[list[int]]) -> dict[int, Ngram]:
    """The n-gram of each number that ``rows`` have, read off where it was found."""
    found = table.find(np.array(rows, np.uint32))
    return {
        int(number): gram
        for row, numbers in zip(rows, found, strict=True)
        for grams, place in zip(ngrams_at(row, table.order), numbers, strict=True)
        for gram, number in zip(grams, place, strict=True)
        if number
    }


corpora = st.integers(1, 7).flatmap(
    lambda length: st.lists(
        st.lists(st.integers(0, 7), min_size=length, max_size=length), min_size=1, max_size=12
    )
)


@settings(max_examples=100, deadline=None)
@given(rows=corpora, others=corpora, order=st.integers(1, 4), least=st.integers(1, 3))
def test_the_known_ngrams_are_found_at_their_first_place(
    rows: list[list[int]], others: list[list[int]], order: int, least: int
) -> None:
    table = known_ngrams(np.array(rows, np.uint32), order=order, min_count=least)
    counted = texts_with(rows, order)
    known = {gram for gram, count in counted.items() if count >= least}
    names = names_of(table, rows)
    assert sorted(names.values()) == sorted(known)
    assert sorted(names) == [*range(1, table.size + 1)]
    assert [len(keys) for keys in table.keys] == [
        sum(len(gram) == k for gram in known) for k in range(1, order + 1)
    ]
    numbers = {gram: number for number, gram in names.items()}
    for row, found in zip(others, table.find(np.array(others, np.uint32)), strict=True):
        seen: set[Ngram] = set()
        for grams, place in zip(ngrams_at(row, order), found.tolist(), strict=True):
            for gram, number in zip(grams, place, strict=True):
                is_new = gram in known and gram not in seen
                assert number == (numbers[gram] if is_new else 0)
                seen |= {gram} if gram is not None else set()


@settings(max_examples=50, deadline=None)
@given(
    rows=corpora,
    data=st.data(),
    order=st.integers(1, 3),
    least=st.integers(1, 2),
    classes=st.integers(2, 4),
    alpha=st.sampled_from([0.1, 1.0]),
)
def test_ratios_are_those_of_the_formula_without_each_fold(
    rows: list[list[int]],
    data: st.DataObject,
    order: int,
    least: int,
    classes: int,
    alpha: float,
) -> None:
    count = len(rows)
    labels = data.draw(st.lists(st.integers(0, classes - 1), min_size=count, max_size=count))
    fold = data.draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    table = known_ngrams(np.array(rows, np.uint32), order=order, min_count=least)
    ratios = log_count_ratios(
        table.find(np.array(rows, np.uint32)),
        np.array(labels, np.int32),
        np.array(fold),
        folds=3,
        size=table.size,
        classes=classes,
        min_count=least,
        alpha=alpha,
    )
    named = [1] if classes == 2 else [*range(classes)]
    assert ratios.shape == (4, table.size + 1, len(named))
    assert ratios.dtype == np.float32
    assert not ratios[:, 0].any()
    names = names_of(table, rows)
    for left_out in range(4):
        kept = [place for place in range(count) if fold[place] != left_out]
        texts = [rows[place] for place in kept]
        for column, name in enumerate(named):
            is_in = [labels[place] == name for place in kept]
            slow = slow_ratios(texts, is_in, order, least, alpha)
            for number, gram in names.items():
                found = ratios[left_out, number, column]
                assert found == pytest.approx(slow.get(gram, 0.0), abs=1e-5)


def test_more_texts_than_a_block_are_found_and_counted_in_order() -> None:
    rows = np.random.default_rng(0).integers(0, 40, (5000, 6)).astype(np.uint16)
    table = known_ngrams(rows, order=2, min_count=2)
    found = table.find(rows)
    for place in (0, 2047, 2048, 4999):
        assert np.array_equal(found[[place]], table.find(rows[[place]]))
    labels = (rows[:, 5] > 20).astype(np.int32)
    settings = {"folds": 5, "size": table.size, "classes": 2, "min_count": 2, "alpha": 1.0}
    ratios = log_count_ratios(found, labels, folds_of(5000, 5), **settings)
    counts = texts_with(rows.tolist(), 2)
    assert table.size == sum(count >= 2 for count in counts.values())
    one = int(found[2048][found[2048] > 0][0])
    has = (found == one).any(axis=(1, 2))
    p, q = has[labels == 1].sum() + 1, has[labels == 0].sum() + 1
    assert np.sign(ratios[5, one, 0]) == np.sign(p / q - 1) or ratios[5, one, 0] == pytest.approx(
        math.log(p / q), abs=0.1
    )


def test_what_a_training_text_is_given_does_not_depend_on_its_own_label() -> None:
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 12, (60, 8)).astype(np.uint32)
    labels = rng.integers(0, 3, 60).astype(np.int32)
    fold = folds_of(60, 5)
    table = known_ngrams(rows, order=3, min_count=2)
    found = table.find(rows)
    settings = {"folds": 5, "size": table.size, "classes": 3, "min_count": 2, "alpha": 1.0}
    before = log_count_ratios(found, labels, fold, **settings)
    for place in range(60):
        flipped = labels.copy()
        flipped[place] = (labels[place] + 1) % 3
        after = log_count_ratios(found, flipped, fold, **settings)
        assert np.array_equal(before[fold[place]], after[fold[place]])
        others = [other for other in range(6) if other != fold[place]]
        assert not np.array_equal(before[others], after[others])


def test_folds_are_even_and_always_the_same() -> None:
    fold = folds_of(53, 5)
    assert sorted(np.bincount(fold)) == [10, 10, 11, 11, 11]
    assert np.array_equal(fold, folds_of(53, 5))
    assert np.any(np.diff(fold) != 0)


def test_rows_without_a_word_have_no_ngrams() -> None:
    rows = np.array([[0, 0, 1], [0, 1, 2]], np.uint16)
    table = known_ngrams(rows, order=3, min_count=1)
    assert table.size == 0
    assert not table.find(rows).any()
    settings = {"folds": 2, "size": 0, "classes": 2, "min_count": 1, "alpha": 1.0}
    found = log_count_ratios(table.find(rows), np.array([0, 1]), np.array([0, 1]), **settings)
    assert not found.any() and found.shape == (3, 1, 1)
