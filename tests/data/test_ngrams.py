"""What a dataset's n-grams are made of: its training rows, and nothing else."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rcnn_sweep.data import (
    DataConfig,
    Dataset,
    TableConfig,
    load,
    ngram_problems,
    ngrams,
    with_ngrams,
)
from rcnn_sweep.errors import DataError
from rcnn_sweep.rcnn_text_model import EVERY_WORD, tokenise

Say = Callable[[str], None]
WORDS = ("good", "bad", "odd", "film", "plot", "so", "very", "not")


@dataclass
class Options:
    order: int = 2
    min_count: int = 2
    folds: int = 3
    alpha: float = 1.0


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ngrams, "_kept", {})


def texts(seed: int, count: int) -> list[tuple[str, str]]:
    rng = np.random.default_rng(seed)
    return [
        (" ".join(rng.choice(WORDS, rng.integers(1, 9))), "abc"[rng.integers(0, 3)])
        for _ in range(count)
    ]


def written(path: Path, train: list[tuple[str, str]], test: list[tuple[str, str]]) -> TableConfig:
    parts = [("train", row) for row in train] + [("test", row) for row in test]
    lines = [f"{text},{label},{part}" for part, (text, label) in parts]
    path.write_text("\n".join(("text,label,split", *lines)))
    return TableConfig(path=str(path), split_column="split", num_words=7, maxlen=6)


@pytest.fixture
def table(tmp_path: Path) -> TableConfig:
    return written(tmp_path / "t.csv", texts(0, 60), [*texts(1, 20), ("unheard words", "a")])


def given(dataset: Dataset) -> list[np.ndarray]:
    """All further inputs of the validation rows, and of the training rows."""
    found = []
    for split in (dataset.validation, dataset.train):
        found += [*split.further.take(split.rows, 6).values()]
    return found


def test_no_option_leaves_the_dataset_alone(table: TableConfig, say: Say) -> None:
    dataset = load(table, say=say)
    assert with_ngrams(dataset) is dataset
    assert dataset.train.further is None and dataset.ngrams is None


def test_ngrams_are_of_words_that_the_network_does_not_know(table: TableConfig, say: Say) -> None:
    dataset = with_ngrams(load(table, say=say), channels=Options(order=1))
    assert dataset.config.num_words == dataset.vocabulary.num_words == 7
    assert sorted(dataset.vocabulary.words) == sorted(WORDS)
    assert dataset.ngrams.sizes == {"channels": 8}
    assert dataset.test is dataset.validation


def test_test_texts_have_no_part_in_ngrams_and_ratios(
    table: TableConfig, tmp_path: Path, say: Say
) -> None:
    other = written(tmp_path / "u.csv", texts(0, 60), texts(2, 30))
    first, second = (
        with_ngrams(load(config, say=say), channels=Options(), branch=Options(order=3))
        for config in (table, other)
    )
    for one, same in (
        (first.ngrams.channels, second.ngrams.channels),
        (first.ngrams.branch, second.ngrams.branch),
    ):
        assert all(map(np.array_equal, one.table.keys, same.table.keys))
        assert np.array_equal(one.ratios, same.ratios)
    for mine, theirs in zip(given(first)[3:], given(second)[3:], strict=True):
        assert np.array_equal(mine, theirs)


def test_held_out_texts_have_no_part_in_ngrams_and_ratios(
    table: TableConfig, tmp_path: Path, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(table, validation="holdout", train_limit=40)
    before = with_ngrams(load(config, say=say), channels=Options())
    kept = set(before.train.rows.tolist())
    assert len(before.validation) and not kept & set(before.validation.rows.tolist())

    def scrambled(wanted: DataConfig, **settings: Any) -> Dataset:
        """The same data, but for every text and label that is no training row."""
        found = load(wanted, **settings)
        x, y = np.array(found.train.x), np.array(found.train.y)
        rows = np.array([row for row in range(len(y)) if row not in kept])
        x[rows], y[rows] = x[rows[::-1]][:, ::-1], (y[rows] + 1) % 3
        return replace(
            found,
            train=replace(found.train, x=x, y=y),
            validation=replace(found.validation, x=x, y=y),
        )

    monkeypatch.setattr(ngrams, "_kept", {})
    monkeypatch.setattr(ngrams, "load", scrambled)
    after = with_ngrams(load(config, say=say), channels=Options())
    assert np.array_equal(given(before)[1], given(after)[1])
    assert np.array_equal(before.ngrams.channels.ratios, after.ngrams.channels.ratios)
    assert not np.array_equal(given(before)[0], given(after)[0])


def test_a_training_text_has_the_ratios_of_the_other_folds_and_any_other_those_of_all(
    table: TableConfig, say: Say
) -> None:
    config = replace(table, validation="holdout")
    dataset = with_ngrams(load(config, say=say), branch=Options())
    texts = dataset.train.further.branch
    assert set(texts.part[dataset.train.rows].tolist()) == {0, 1, 2}
    assert set(texts.part[dataset.validation.rows].tolist()) == {3}
    assert dataset.validation.further.branch.grams is texts.grams
    grams, ratios = texts.take(dataset.train.rows[:5], 4)
    for place, row in enumerate(dataset.train.rows[:5]):
        assert np.array_equal(grams[place], texts.grams[row, -4:])
        assert np.array_equal(ratios[place], texts.ratios[texts.part[row]][grams[place]])


def test_other_texts_are_read_as_the_validation_texts_were(table: TableConfig, say: Say) -> None:
    """The rows of the logged model, made of raw texts, are those that the run was judged on."""
    dataset = with_ngrams(load(table, say=say), channels=Options(), branch=Options(order=3))
    raw = [text for text, _ in texts(1, 20)] + ["unheard words"]
    words = replace(dataset.vocabulary, num_words=EVERY_WORD).encode(raw)
    assert np.array_equal(dataset.vocabulary.encode(raw), dataset.validation.x)
    read = dataset.ngrams.read(words).take(np.arange(len(raw)), 6)
    recorded = dataset.validation.further.take(dataset.validation.rows, 6)
    assert [*read] == ["ngram_channels", "ngrams", "ngram_ratios"]
    assert read["ngram_channels"].shape == (21, 6, 2 * 3)
    for name, values in read.items():
        assert np.array_equal(values, recorded[name])
        assert not values[-1].any(), "no n-gram is of words that training texts do not have"
    assert any(len(tokenise(text)) > 6 for text in raw)


def test_what_was_read_is_kept_for_the_next_trial_on_the_same_rows(
    table: TableConfig, say: Say
) -> None:
    def read(**options: Any) -> Any:
        dataset = load(replace(table, validation="holdout"), say=say)
        return with_ngrams(dataset, channels=Options(**options), branch=Options(order=3)).ngrams

    first, again, other = read(), read(), read(alpha=0.5)
    assert again.channels is first.channels
    assert other.channels is not first.channels
    assert other.branch is first.branch
    assert len(ngrams._kept) == 2, "what this trial does not use is given up"


def test_two_uses_of_the_same_ngrams_share_them(table: TableConfig, say: Say) -> None:
    dataset = with_ngrams(load(table, say=say), channels=Options(), branch=Options())
    assert dataset.ngrams.channels is dataset.ngrams.branch
    assert dataset.train.further.channels is dataset.train.further.branch


def test_more_folds_than_texts_and_more_ngrams_than_memory_are_refused(
    table: TableConfig, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = load(table, say=say)
    assert not any(ngram_problems(dataset, "ngrams", Options(folds=60)))
    [folds] = ngram_problems(dataset, "embedding", Options(folds=61))
    assert re.match(r"embedding.folds: expected at most .* texts, 60; received 61", folds)
    monkeypatch.setattr(ngrams, "MOST_NUMBERS", 60 * 6 * 2 - 1)
    [order] = ngram_problems(dataset, "ngrams", Options())
    assert order.startswith("ngrams.order: expected at most 719 n-grams in all texts; received")
    assert "60 texts * data.maxlen=6 * order 2 = 720" in order
    with pytest.raises(DataError, match=r"received \(folds=3 \+ 1\) \* .* n-grams \* 3 classes"):
        with_ngrams(dataset, channels=Options(min_count=1))
