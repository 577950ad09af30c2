"""The plain classifiers see the rows that the network sees, whole."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from small import DATA, table_rows, write_table

from rcnn_sweep.data import DataConfig, ImdbConfig, TableConfig, full_texts, load
from rcnn_sweep.rcnn_text_model.text import Vocabulary
from rcnn_sweep.training import reference
from rcnn_sweep.training.reference import Reference, sampled, train_references
from rcnn_sweep.training.reference_models import (
    REFERENCES,
    ReferenceModel,
    grams,
    naive_bayes,
    tf_idf,
)
from rcnn_sweep.training.word_grams import LogCountRatio, WordGrams


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
    own = tf_idf()[0].fit_transform([text.split() for text in texts])
    theirs = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\S+")
    expected = theirs.fit_transform(texts)
    assert own.shape == expected.shape
    assert sorted(own.data) == pytest.approx(sorted(expected.data))
    assert grams(["one"]) == ["one"]


TEXTS = [
    text.split()
    for text in (
        "a good film a good film",
        "a good film and a bad end",
        "bad bad film",
        "no film",
        "a good end",
    )
]


def test_n_grams_are_marked_once_a_text_if_two_texts_have_them() -> None:
    vectorizer = CountVectorizer(
        analyzer=lambda words: [
            " ".join(words[place : place + n])
            for n in (1, 2, 3)
            for place in range(len(words) - n + 1)
        ],
        binary=True,
        min_df=2,
    )
    theirs = vectorizer.fit_transform(TEXTS).toarray()
    own = WordGrams()
    marked = own.fit_transform(TEXTS).toarray()
    assert [len(known) for known in own.grams_] == [5, 2, 1]
    assert sorted(map(tuple, marked.T)) == sorted(map(tuple, theirs.T))
    again = own.transform([["unseen", "a", "good", "good", "film"], []]).toarray()
    other = vectorizer.transform([["unseen", "a", "good", "good", "film"], []]).toarray()
    assert sorted(map(tuple, again.T)) == sorted(map(tuple, other.T))
    np.testing.assert_array_equal(own.transform(TEXTS).toarray(), marked)


def test_a_log_count_ratio_by_hand() -> None:
    own = WordGrams(order=1)
    x, y = own.fit_transform(TEXTS), np.array([1, 0, 0, 0, 1])
    ratio = LogCountRatio().fit(x, y)
    columns = {word: x.toarray()[:, place] for word, place in zip(sorted(
        ("a", "bad", "end", "film", "good")), range(5), strict=True)}  # fmt: skip
    p = {word: 1 + column[y == 1].sum() for word, column in columns.items()}
    q = {word: 1 + column[y == 0].sum() for word, column in columns.items()}
    assert p == {"a": 3, "bad": 1, "end": 2, "film": 2, "good": 3}
    for place, word in enumerate(p):
        expected = np.log((p[word] / sum(p.values())) / (q[word] / sum(q.values())))
        assert ratio.ratios_[place] == pytest.approx(expected, abs=1e-6)
    scaled = ratio.transform(x).toarray()
    assert scaled == pytest.approx(x.toarray() * ratio.ratios_)


def test_more_classes_are_each_told_from_the_rest() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 90)
    texts = [[f"own{label}", *rng.choice(list("abcdef"), 5)] for label in y]
    model = naive_bayes().fit(texts, y)
    said = model.predict_proba(texts)
    assert said.shape == (90, 3) and said.sum(axis=1) == pytest.approx(np.ones(90))
    assert (said.argmax(axis=1) == y).all()
    marked = model[0].transform(texts)
    ratio = LogCountRatio().fit(marked, (y == 1).astype(int))
    alone = LogisticRegression(max_iter=1000).fit(ratio.transform(marked), y == 1)
    own = model[1].estimators_[1].predict_proba(marked)[:, 1]
    assert own == pytest.approx(alone.predict_proba(ratio.transform(marked))[:, 1])


def by_name(found: tuple[Reference, ...]) -> dict[str, Reference]:
    assert [reference.name for reference in found] == list(REFERENCES)
    return {reference.name: reference for reference in found}


@pytest.mark.parametrize("name", list(REFERENCES))
def test_validation_is_the_holdout_and_test_trains_on_all_of_train(
    tmp_path: Path, name: str
) -> None:
    path = write_table(tmp_path / "t.csv", table_rows(200))
    config = TableConfig(path=str(path), validation="holdout")
    on_validation, on_test = (
        by_name(train_references(config, split))[name] for split in ("validation", "test")
    )
    assert (on_validation.rows, on_validation.evaluation.matrix.sum()) == (128, 32)
    assert (on_test.rows, on_test.evaluation.matrix.sum()) == (160, 40)
    assert on_test.evaluation.accuracy == 1.0
    dataset = load(replace(config, validation="test"), say=say)
    np.testing.assert_array_equal(on_test.predictions.truth, dataset.validation.labels)
    np.testing.assert_array_equal(on_test.predictions.rows, dataset.validation.rows)
    limited = by_name(train_references(replace(config, train_limit=50), "validation"))[name]
    assert limited.rows == 40


def counting(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the references that are trained from now on."""
    fits: list[str] = []
    for name, model in REFERENCES.items():

        def build(name: str = name, model: ReferenceModel = model) -> object:
            fits.append(name)
            return model.build()

        monkeypatch.setitem(REFERENCES, name, replace(model, build=build))
    return fits


def test_a_reference_is_trained_once_for_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("RCNN_SWEEP_CACHE", str(tmp_path / "cache"))
    path = write_table(tmp_path / "t.csv", table_rows(100))
    config = TableConfig(path=str(path), validation="holdout")
    trained = train_references(config, "validation")
    fits = counting(monkeypatch)
    moved = tmp_path / "moved.csv"
    path.rename(moved)
    config = replace(config, path=str(moved))
    for then, again in zip(trained, train_references(config, "validation"), strict=True):
        for name in ("probabilities", "truth", "rows"):
            kept = getattr(again.predictions, name)
            np.testing.assert_array_equal(kept, getattr(then.predictions, name))
        assert replace(again, predictions=then.predictions) == then
        assert again.evaluation.scores == then.evaluation.scores
        assert again.evaluation.labels == then.evaluation.labels
    assert fits == []
    train_references(config, "test")
    train_references(replace(config, train_limit=50), "validation")
    assert fits == 2 * list(REFERENCES)
    for file in (tmp_path / "cache" / "references").glob("*.npz"):
        file.write_text("{")
    train_references(config, "validation")
    assert fits == 3 * list(REFERENCES) and "is damaged" in caplog.text


def test_a_reference_that_fails_costs_the_other_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_table(tmp_path / "t.csv", table_rows(100))
    config = TableConfig(path=str(path), validation="holdout")

    def broken() -> object:
        raise MemoryError("too many n-grams")

    monkeypatch.setitem(REFERENCES, "naive_bayes", replace(REFERENCES["naive_bayes"], build=broken))
    assert [found.name for found in train_references(config, "validation")] == ["tf_idf"]
    assert "MemoryError: too many n-grams" in caplog.text


def test_of_more_words_than_fit_a_sample_in_proportion_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RCNN_SWEEP_CACHE", str(tmp_path / "cache"))
    rows = table_rows(200)
    config = TableConfig(path=str(write_table(tmp_path / "t.csv", rows)), validation="holdout")
    for whole in train_references(config, "validation"):
        assert whole.rows == whole.available == 128
    dataset, texts = load(config, say=say), full_texts(config).train
    words = sum(len(texts[row]) for row in dataset.train.rows)
    monkeypatch.setattr(reference, "MOST_WORDS", words // 2)
    part = sampled(texts, dataset.train)
    assert 60 <= len(part) <= 68
    shares = [np.bincount(split.labels) / len(split) for split in (part, dataset.train)]
    assert shares[0] == pytest.approx(shares[1], abs=0.02)
    monkeypatch.setattr(reference, "_kept", lambda name, file: None)
    monkeypatch.setattr(reference, "BLOCK", 7)
    for found in train_references(config, "validation"):
        assert (found.rows, found.available) == (len(part), 128)
        assert found.evaluation.matrix.sum() == 32
    monkeypatch.setattr(reference, "MOST_WORDS", 1)
    assert len(sampled(texts, dataset.train)) == 2
