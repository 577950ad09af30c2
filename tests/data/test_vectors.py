"""Files of word vectors: what is taken of them, and what is refused."""

import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rcnn_sweep.data import Vocabulary, vector_problems, vectors, word_vectors
from rcnn_sweep.data.checksum import digest
from rcnn_sweep.errors import DataError

VOCABULARY = Vocabulary(("good", "film", "the", "naïve", "rare"), 8, 4, "oov")
"""Ids 4 to 7 are of its first four words: num_words leaves the last one out."""

GLOVE = "film 1 2 3\n. . 9 9 9\nthe 4 5 6\nNaïve 7 7 7\nrare 8 8 8\nnaïve -1e-2 .5 0\nfilm 9 9 9\n"


def written(folder: Path, text: str, name: str = "vectors.txt") -> str:
    (folder / name).write_bytes(text.encode())
    return str(folder / name)


@pytest.mark.parametrize("header", ["", "7 3\n"], ids=["GloVe", "word2vec"])
@pytest.mark.parametrize("end", ["\n", " \n", "\r\n"], ids=["plain", "blank", "windows"])
def test_text_gives_the_first_vector_of_each_word_with_an_id(
    tmp_path: Path, header: str, end: str
) -> None:
    file = written(tmp_path, header + GLOVE.replace("\n", end))
    found = word_vectors(file, 3, VOCABULARY)
    assert found.ids.tolist() == [5, 6, 7]
    expected = np.array([[1, 2, 3], [4, 5, 6], [-0.01, 0.5, 0]], np.float32)
    assert np.array_equal(found.values, expected) and found.values.dtype == np.float32
    assert found.coverage == "3 of 4 words (75.0%)"
    assert found.sha256 == digest(Path(file))
    assert list(vector_problems(file, 3)) == []


def test_an_archive_gives_the_same(tmp_path: Path) -> None:
    file = tmp_path / "v.npz"
    values = np.arange(8, dtype=np.float16).reshape(4, 2)
    np.savez(file, words=np.array(["the", "x", "good", "the"]), vectors=values)
    found = word_vectors(str(file), 2, VOCABULARY)
    assert (found.ids.tolist(), found.values.tolist()) == ([4, 6], [[4, 5], [0, 1]])
    assert found.sha256 == digest(file)


def archive(path: Path, **arrays: np.ndarray) -> str:
    np.savez(path / "v.npz", **arrays)
    return str(path / "v.npz")


BAD: dict[str, tuple[Callable[[Path], str], str]] = {
    "missing": (lambda p: str(p / "none.txt"), "Expected a file at embedding.vectors"),
    "folder": (str, "Expected a file at embedding.vectors"),
    "empty": (lambda p: written(p, ""), "line 1 of .* is empty"),
    "size": (lambda p: written(p, "film 1 2\n"), r"output_dim=3 numbers a word; .* has 2"),
    "size in header": (lambda p: written(p, "1 2\nfilm 1 2\n"), r"output_dim=3 .* has 2"),
    "torn line": (lambda p: written(p, GLOVE[:-4]), "3 numbers in line 7 .* torn"),
    "torn file": (lambda p: written(p, "9 3\n" + GLOVE), "the 9 words .* states; received 7"),
    "no numbers": (lambda p: written(p, "film 1 2 x\n"), "3 numbers in line 1"),
    "nan": (lambda p: written(p, "the 1 2 nan\n"), "finite numbers; .* for 'the'"),
    "overflow": (lambda p: written(p, "the 1 2 1e99\n"), "finite numbers; .* for 'the'"),
    "binary": (lambda p: written(p, "1 3\nfilm \0\1\2\3\4\n"), "3 numbers in line 2"),
    "no word": (lambda p: written(p, "Film 1 2 3\n"), "none of 4"),
    "endless line": (lambda p: written(p, "film" + " 1" * 600_000), "at most 1,048,576 bytes"),
    "long header": (lambda p: written(p, "9" * 5000 + " 3\n"), "output_dim=3"),
    "no archive": (lambda p: written(p, "film 1 2 3\n", "v.npz"), "NumPy archive"),
    "other arrays": (lambda p: archive(p, x=np.ones(3)), "vectors is missing"),
    "no words": (lambda p: archive(p, vectors=np.ones((2, 3))), "words is missing"),
    "flat": (
        lambda p: archive(p, words=np.array(["the"]), vectors=np.ones(3)),
        r"shape \(n, size\)",
    ),
    "counts": (
        lambda p: archive(p, words=np.array(["the"]), vectors=np.ones((2, 3))),
        "as many words",
    ),
    "whole numbers": (
        lambda p: archive(p, words=np.array(["the"]), vectors=np.ones((1, 3), int)),
        "floating-point",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_another_file_is_refused_in_two_lines(case: str, tmp_path: Path) -> None:
    make, message = BAD[case]
    with pytest.raises(DataError, match=message) as caught:
        word_vectors(make(tmp_path), 3, VOCABULARY)
    assert str(caught.value).count("\n") <= 1


def test_a_pickle_in_an_archive_is_not_read(tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(tmp_path / "made"),)

    words = np.array([Hostile()], object)
    with pytest.raises(DataError, match="NumPy archive"):
        word_vectors(archive(tmp_path, words=words, vectors=np.ones((1, 3))), 3, VOCABULARY)
    assert not (tmp_path / "made").exists()
    assert b"mkdir" in pickle.dumps(words)


def test_an_archive_that_would_fill_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "MOST_BYTES", 10_000)
    file = tmp_path / "bomb.npz"
    arrays = {"words": np.array(["the"] * 2000), "vectors": np.zeros((2000, 3))}
    np.savez_compressed(file, **arrays)
    with zipfile.ZipFile(file) as packed:
        assert all(member.compress_size < 1000 for member in packed.infolist())
    with pytest.raises(DataError, match="would unpack to"):
        word_vectors(str(file), 3, VOCABULARY)


def test_data_without_words_has_no_use_for_vectors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected data with a vocabulary"):
        word_vectors(written(tmp_path, GLOVE), 3, None)


def test_a_file_is_read_again_only_when_it_has_changed(tmp_path: Path) -> None:
    file = written(tmp_path, GLOVE)
    first = word_vectors(file, 3, VOCABULARY)
    assert word_vectors(file, 3, VOCABULARY) is first
    written(tmp_path, "good 1 2 3\n")
    assert word_vectors(file, 3, VOCABULARY).ids.tolist() == [4]


def test_the_beginning_tells_the_size_without_the_rest(tmp_path: Path) -> None:
    torn = written(tmp_path, "9 3\nfilm 1 2 3\nthe 4")
    assert list(vector_problems(torn, 3)) == []
    assert "output_dim=4 numbers a word; " in next(vector_problems(torn, 4))
    assert list(vector_problems(None, 4)) == []
