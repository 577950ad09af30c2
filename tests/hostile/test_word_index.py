"""A word index says which word a rank is; a false one makes a model read other texts in silence."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small import examples

from rcnn_sweep.data import ImdbConfig, load
from rcnn_sweep.data.sources import imdb_files
from rcnn_sweep.data.sources.imdb_reviews import read_word_index
from rcnn_sweep.errors import DataError

Say = Callable[[str], None]
Write = Callable[..., Path]
INDEX = "imdb_word_index.json"


@pytest.fixture
def published(
    tmp_path: Path, site: Any, write_archive: Write, write_index: Write, monkeypatch: Any
) -> ImdbConfig:
    """An archive and its index in the place of the published ones, on a local web server."""
    archive = write_archive(tmp_path / "made" / "imdb.npz").read_bytes()
    index = write_index(tmp_path / "made" / "index.json").read_bytes()
    site.files = {"/imdb.npz": archive, f"/{INDEX}": index}
    sha256 = hashlib.sha256(archive).hexdigest()
    monkeypatch.setattr(imdb_files, "OFFICIAL_SHA256", sha256)
    monkeypatch.setattr(imdb_files, "OFFICIAL_INDEX_MD5", hashlib.md5(index).hexdigest())
    return ImdbConfig(url=f"{site.address}/imdb.npz", sha256=sha256, num_words=20, maxlen=8)


def planted(folder: Path, name: str = INDEX) -> Path:
    """An index with the words of the published one at other ranks."""
    folder.mkdir(exist_ok=True, parents=True)
    (folder / name).write_text(json.dumps({f"w{51 - rank}": rank for rank in range(1, 51)}))
    return folder / name


@pytest.mark.parametrize("where", ["cache", "keras", "beside"])
def test_a_planted_index_is_not_used_for_the_published_archive(
    published: ImdbConfig, cache: Path, tmp_path: Path, site: Any, say: Say, said: Any, where: str
) -> None:
    folder = {"cache": cache, "keras": tmp_path / "keras" / "datasets", "beside": cache}[where]
    false = planted(folder)
    if where == "beside":
        (cache / "imdb.npz").write_bytes(site.files["/imdb.npz"])
    data = load(published, say=say)
    assert data.vocabulary is not None
    assert data.vocabulary.words[0] == "w1"
    assert [line for line in said if line.startswith(f"Not using {false}")]
    planted(folder)  # again, once the right one has been found there
    data = load(published, say=say)
    assert data.vocabulary is not None
    assert data.vocabulary.words[0] == "w1"


def test_a_planted_index_is_found_out_where_the_settled_config_names_it(
    published: ImdbConfig, cache: Path, say: Say
) -> None:
    settled = load(published, say=say).config
    planted(cache)
    with pytest.raises(DataError, match="word index of the published archive"):
        load(settled, say=say)
    with pytest.raises(DataError, match="word index of the published archive"):
        load(replace(published, word_index=str(planted(cache, "other.json"))), say=say)


def test_another_address_has_the_published_index_checked_too(
    published: ImdbConfig, site: Any, tmp_path: Path, say: Say
) -> None:
    site.files = {f"/mirror{path}": content for path, content in site.files.items()}
    site.files[f"/mirror/{INDEX}"] = planted(tmp_path).read_bytes()
    with pytest.raises(DataError, match="md5 checksum"):
        load(replace(published, url=f"{site.address}/mirror/imdb.npz"), say=say)


def test_the_index_of_another_archive_is_kept_apart(
    published: ImdbConfig, cache: Path, site: Any, tmp_path: Path, write_archive: Write, say: Say
) -> None:
    content = write_archive(tmp_path / "other" / "imdb.npz", extra=[1]).read_bytes()
    site.files |= {"/o/imdb.npz": content, f"/o/{INDEX}": planted(tmp_path).read_bytes()}
    sha256 = hashlib.sha256(content).hexdigest()
    other = replace(published, url=f"{site.address}/o/imdb.npz", sha256=sha256)
    for _ in range(2):
        for config, first in ((other, "w50"), (published, "w1")):
            vocabulary = load(config, say=say).vocabulary
            assert vocabulary is not None
            assert vocabulary.words[0] == first
    kept = {path.name for path in cache.iterdir() if path.suffix == ".json"}
    assert kept == {INDEX, f"imdb_word_index-{sha256[:16]}.json"}
    assert len(site.asked) == 4


def test_an_archive_in_the_cache_does_not_take_the_index_of_its_neighbour(
    published: ImdbConfig, cache: Path, site: Any, tmp_path: Path, write_archive: Write, say: Say
) -> None:
    load(published, say=say)
    content = write_archive(tmp_path / "other" / "imdb.npz", extra=[1]).read_bytes()
    site.files["/o/imdb.npz"] = content
    sha256 = hashlib.sha256(content).hexdigest()
    other = replace(published, url=f"{site.address}/o/imdb.npz", sha256=sha256)
    settled = load(other, say=say).config
    assert load(settled, say=say).vocabulary is None


def test_a_deeply_nested_index_is_refused(tmp_path: Path) -> None:
    (tmp_path / "i.json").write_text('{"a":' * 100_000)
    with pytest.raises(DataError, match=r"i\.json, received another"):
        read_word_index(tmp_path / "i.json")


WORDS = st.dictionaries(st.text(max_size=5), st.integers(0, 4) | st.none() | st.booleans())


@settings(
    max_examples=examples(100),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(WORDS.map(json.dumps) | st.text(max_size=20) | st.binary(max_size=20))
def test_any_index_has_its_words_by_rank_or_is_refused(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "i.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))
    try:
        words = read_word_index(path)
    except DataError:
        return
    assert {word: rank for rank, word in enumerate(words, 1)} == json.loads(path.read_bytes())
