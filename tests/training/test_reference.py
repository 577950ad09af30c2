"""The plain classifier sees the rows that the network sees, whole."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import Pipeline
from small import DATA, table_rows, write_table

from rcnn_sweep.data import DataConfig, ImdbConfig, TableConfig, full_texts, load
from rcnn_sweep.rcnn_text_model.text import Vocabulary
from rcnn_sweep.training import reference
from rcnn_sweep.training.reference import grams, pipeline, sampled, train_reference


def say(_: str) -> None:
    pass


def encoded_again(config: DataConfig) -> tuple[np.ndarray, np.ndarray]:
    """The stored test rows, and the full texts put through the vocabulary."""
    dataset = load(config, say=say)
    assert isinstance(dataset.vocabulary, Vocabulary)
    texts = [" ".join(words) for words in full_texts(dataset.config).test]
    return np.asarray(dataset.validation.x), dataset.vocabulary.encode(texts)


def test_row_i_of_the_full_texts_is_row_i_of_the_encoded_split(tmp_path: Path) -> None:
    rows = [(f"word{place} and word{place % 7}, again!", "ab"[place % 2]) for place in range(60)]
    path = write_table(tmp_path / "t.csv", rows)
    stored, again = encoded_again(TableConfig(path=str(path), maxlen=5))
    assert len(stored) == 12
    np.testing.assert_array_equal(stored, again)


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "imdb.npz").is_file(), reason=f"no imdb.npz in {DATA}")
def test_imdbs_full_sequences_are_in_the_order_of_the_encoded_rows() -> None:
    dataset = load(ImdbConfig(path=str(DATA / "imdb.npz")), say=say)
    texts = full_texts(dataset.config)
    assert (len(texts.train), len(texts.test)) == (25000, 25000)
    assert max(map(len, texts.train)) > 2000
    for row in (0, 1, 12345, 24999):
        last = [min(int(rank) + 3, 5000) for rank in texts.train[row][-5:]]
        expected = [rank if rank < 5000 else 2 for rank in last]
        assert dataset.train.x[row][-5:].tolist() == expected


def test_the_features_are_scikit_learns_uni_and_bigrams() -> None:
    texts = ["a good film", "good good film", "no"]
    own = pipeline().named_steps["tfidf"].fit_transform([text.split() for text in texts])
    theirs = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\S+")
    expected = theirs.fit_transform(texts)
    assert own.shape == expected.shape
    assert sorted(own.data) == pytest.approx(sorted(expected.data))
    assert grams(["one"]) == ["one"]


def test_validation_is_the_holdout_and_test_trains_on_all_of_train(tmp_path: Path) -> None:
    path = write_table(tmp_path / "t.csv", table_rows(200))
    config = TableConfig(path=str(path), validation="holdout")
    on_validation, on_test = (train_reference(config, split) for split in ("validation", "test"))
    assert (on_validation.rows, on_validation.evaluation.matrix.sum()) == (128, 32)
    assert (on_test.rows, on_test.evaluation.matrix.sum()) == (160, 40)
    assert on_test.evaluation.accuracy == 1.0
    limited = train_reference(replace(config, train_limit=50), "validation")
    assert limited.rows == 40


def test_a_reference_is_trained_once_for_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("RCNN_SWEEP_CACHE", str(tmp_path / "cache"))
    path = write_table(tmp_path / "t.csv", table_rows(100))
    config = TableConfig(path=str(path), validation="holdout")
    trained = train_reference(config, "validation")
    fits: list[int] = []

    def counted() -> Pipeline:
        fits.append(1)
        return pipeline()

    monkeypatch.setattr("rcnn_sweep.training.reference.pipeline", counted)
    moved = tmp_path / "moved.csv"
    path.rename(moved)
    config = replace(config, path=str(moved))
    again = train_reference(config, "validation")
    assert fits == []
    assert again.evaluation.matrix.tolist() == trained.evaluation.matrix.tolist()
    assert replace(again, evaluation=trained.evaluation) == trained
    for name in ("scores", "report", "labels"):
        assert getattr(again.evaluation, name) == getattr(trained.evaluation, name)
    train_reference(config, "test")
    train_reference(replace(config, train_limit=50), "validation")
    assert len(fits) == 2
    for file in (tmp_path / "cache" / "references").iterdir():
        file.write_text("{")
    train_reference(config, "validation")
    assert len(fits) == 3 and "is damaged" in caplog.text


def test_of_more_words_than_fit_a_sample_in_proportion_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = table_rows(200)
    config = TableConfig(path=str(write_table(tmp_path / "t.csv", rows)), validation="holdout")
    whole = train_reference(config, "validation")
    assert whole.rows == whole.available == 128
    dataset, texts = load(config, say=say), full_texts(config).train
    words = sum(len(texts[row]) for row in dataset.train.rows)
    monkeypatch.setattr(reference, "MOST_WORDS", words // 2)
    part = sampled(texts, dataset.train)
    assert 60 <= len(part) <= 68
    shares = [np.bincount(split.labels) / len(split) for split in (part, dataset.train)]
    assert shares[0] == pytest.approx(shares[1], abs=0.02)
    monkeypatch.setattr(reference, "_kept", lambda file: None)
    found = train_reference(config, "validation")
    assert (found.rows, found.available) == (len(part), 128)
    monkeypatch.setattr(reference, "MOST_WORDS", 1)
    assert len(sampled(texts, dataset.train)) == 2
