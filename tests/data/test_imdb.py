import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rcnn_sweep.data import ImdbConfig, load
from rcnn_sweep.data.sources.imdb_reviews import build, read_word_index
from rcnn_sweep.errors import DataError

Say = Callable[[str], None]
Write = Callable[..., Path]


def ragged(*rows: Any) -> Any:
    array = np.empty(len(rows), object)
    array[:] = rows
    return array


@pytest.mark.parametrize(("num_words", "maxlen"), [(20, 12), (50, 40), (1000, 5)])
def test_rows_are_those_of_keras_in_its_order(
    tmp_path: Path,
    write_archive: Write,
    monkeypatch: pytest.MonkeyPatch,
    num_words: int,
    maxlen: int,
) -> None:
    from keras.src.datasets import imdb as keras_imdb
    from keras.utils import pad_sequences

    path = write_archive(tmp_path / "imdb.npz")
    monkeypatch.setattr(keras_imdb, "get_file", lambda **_: str(path))
    (x_train, y_train), (x_test, y_test) = keras_imdb.load_data(num_words=num_words)
    ours = build(path, ImdbConfig(num_words=num_words, maxlen=maxlen), index=None)
    assert ours.x_train.tolist() == pad_sequences(x_train, maxlen=maxlen).tolist()
    assert ours.x_test.tolist() == pad_sequences(x_test, maxlen=maxlen).tolist()
    assert (ours.y_train.tolist(), ours.y_test.tolist()) == (y_train.tolist(), y_test.tolist())
    assert (ours.x_train.dtype.name, ours.y_train.dtype.name) == ("uint16", "int32")


@pytest.mark.parametrize(
    ("arrays", "cause"),
    [
        ({"y_train": np.zeros(39, int)}, "40 reviews and labels of the shape (39,)"),
        ({"y_test": np.full(30, 2)}, "not all of its labels are 0 or 1"),
        ({"y_test": np.full(30, 0.5)}, "not all of its labels are 0 or 1"),
        ({"x_test": ragged([1], [0])}, "not all of its words are ranks from 1 upwards"),
        ({"x_test": ragged([1], [2.5])}, "asks for BINFLOAT"),
        ({"x_test": ragged([1], ["a"])}, "holds a value of the type str in a list"),
        ({"x_test": ragged([1], None)}, "holds a value of the type NoneType in a list"),
        ({"x_test": np.array([[1], 2], object)}, "has no len()"),
        ({"x_test": np.full((30, 4), 1.5)}, "not all of its words are ranks from 1 upwards"),
        ({"x_test": ragged([1], [[2], 3])}, "holds a list in a list, and not an integer"),
        ({"x_test": np.zeros(0, object)}, "it has no reviews"),
        ({"x_test": ragged([], [])}, "its reviews have no words"),
    ],
)
def test_archive_that_is_not_imdb_is_refused_by_name(
    tmp_path: Path, write_archive: Write, arrays: dict[str, Any], cause: str
) -> None:
    path = write_archive(tmp_path / "imdb.npz", **arrays)
    with pytest.raises(DataError) as caught:
        build(path, ImdbConfig(), index=None)
    assert str(path) in str(caught.value)
    assert cause in str(caught.value)


def test_word_index_is_read_by_rank(tmp_path: Path, write_index: Write) -> None:
    assert read_word_index(write_index(tmp_path / "i.json", 12))[:3] == ("w1", "w2", "w3")


@pytest.mark.parametrize(
    "content", ["", "[1]", '{"a": 2}', '{"a": 1, "b": 1}', '{"a": "1"}', '{"a": null, "b": 1}']
)
def test_word_index_without_proper_ranks_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "i.json").write_text(content)
    with pytest.raises(DataError, match=r"i\.json, received another"):
        read_word_index(tmp_path / "i.json")


def test_word_index_of_another_archive_is_refused(
    tmp_path: Path, write_archive: Write, write_index: Write
) -> None:
    archive, index = write_archive(tmp_path / "imdb.npz"), write_index(tmp_path / "i.json", 49)
    with pytest.raises(DataError, match=r"ranks up to 50\), received .* with 49 words"):
        build(archive, ImdbConfig(), index=index)


def test_vocabulary_encodes_like_the_archive(
    tmp_path: Path, write_archive: Write, write_index: Write
) -> None:
    index = write_index(tmp_path / "i.json", 50)
    arrays = {"x_test": ragged([3, 50, 9]), "y_test": np.ones(1, int)}
    archive = write_archive(tmp_path / "imdb.npz", **arrays)
    ours = build(archive, ImdbConfig(num_words=20, maxlen=6), index=index)
    assert ours.vocabulary is not None
    assert ours.x_test.tolist() == [[0, 0, 1, 6, 2, 12]]
    assert ours.vocabulary.encode(["W3, never-seen w50! w9"]).tolist() == ours.x_test.tolist()


def test_whole_imdb_loads_from_the_cache_in_well_under_a_second(
    real_imdb: Path, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = ImdbConfig(path=str(real_imdb / "imdb.npz"))
    load(config, say=say)
    monkeypatch.setattr("rcnn_sweep.data.sources.imdb_reviews.build", None)
    start = time.perf_counter()
    data = load(config, say=say)
    assert time.perf_counter() - start < 0.5
    assert data.test is not None
    assert (data.train.x.shape, len(data.test)) == ((25_000, 400), 25_000)
    assert np.bincount(data.train.labels).tolist() == [12_500, 12_500]
    assert data.vocabulary is not None
    assert len(data.vocabulary.words) == 88_074
