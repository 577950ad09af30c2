"""A record says what a run was; it does not say what is fetched, read or told today."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from rcnn_sweep.config import Config, from_yaml
from rcnn_sweep.data import DataConfig, ImdbConfig
from rcnn_sweep.data.sources.imdb_files import OFFICIAL_SHA256, OFFICIAL_URL
from rcnn_sweep.errors import UserError
from rcnn_sweep.reproduction import reproduce
from rcnn_sweep.reproduction.same_data import located
from rcnn_sweep.tracking import Store, environment, tracking_uri

Write = Callable[..., Path]


def record(data: DataConfig, **tags: str) -> str:
    """A complete run of one epoch on ``data``, as whoever made the record has it; its id."""
    writer = Store(tracking_uri(None), "theirs").start("run", name="theirs", tags={})
    writer.text("config/resolved.yaml", OmegaConf.to_yaml(OmegaConf.structured(Config(data=data))))
    writer.json("config/environment.json", {**environment(), "device": "CPU"})
    writer.tags(tags)
    writer.metrics({"train_loss": 1.0, "val_loss": 1.0}, step=1)
    writer.complete()
    return writer.run_id


@pytest.fixture
def theirs(tmp_path: Path, site: Any, write_archive: Write, write_index: Write) -> ImdbConfig:
    """An archive and a word index of the attacker's, with the checksum that the record states."""
    archive = write_archive(tmp_path / "made" / "imdb.npz").read_bytes()
    index = write_index(tmp_path / "made" / "index.json").read_bytes()
    site.files = {"/imdb.npz": archive, "/imdb_word_index.json": index}
    sha256 = hashlib.sha256(archive).hexdigest()
    return ImdbConfig(path="/gone.npz", url=f"{site.address}/imdb.npz", sha256=sha256, num_words=9)


@pytest.mark.parametrize("path", ["/gone.npz", None])
def test_a_record_fetches_nothing_from_its_own_address(
    theirs: ImdbConfig, site: Any, cache: Path, workplace: Path, path: str | None
) -> None:
    cache.mkdir()
    (cache / "imdb.npz").write_bytes(b"the user's")
    theirs.path = path
    run = record(theirs, **{"rcnn_sweep.data_sha256": theirs.sha256})
    with pytest.raises(UserError, match=r"(?s)expected the recorded .*--data-path"):
        reproduce(run, tracking_uri=None, data_path=None)
    assert site.asked == []
    assert (cache / "imdb.npz").read_bytes() == b"the user's"
    assert sorted(file.name for file in cache.iterdir()) == ["imdb.npz"]


def test_a_record_opens_no_file_by_its_address(workplace: Path) -> None:
    passwords = Path("/etc/passwd").read_bytes()
    sha256 = hashlib.sha256(passwords).hexdigest()
    config = ImdbConfig(url="file:///etc/passwd", sha256=sha256)
    run = record(config, **{"rcnn_sweep.data_sha256": sha256})
    with pytest.raises(UserError, match=r"(?s)expected the recorded .*--data-path"):
        reproduce(run, tracking_uri=None, data_path=None)


def test_a_record_of_the_published_archive_has_it_fetched_from_its_own_place() -> None:
    recorded = ImdbConfig(path="/gone.npz", url="https://evil.example/x", sha256="0" * 64)
    found = located(recorded, OFFICIAL_SHA256, None)
    assert isinstance(found, ImdbConfig)
    assert (found.path, found.url, found.sha256) == (None, OFFICIAL_URL, OFFICIAL_SHA256)
    assert found.fallback is None


def test_the_archive_of_a_record_is_taken_from_where_the_user_says(
    theirs: ImdbConfig, tmp_path: Path, site: Any
) -> None:
    found = located(theirs, theirs.sha256, str(tmp_path / "made" / "imdb.npz"))
    assert found.path == str(tmp_path / "made" / "imdb.npz")
    assert site.asked == []


def test_a_record_is_told_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_OF_MINE", "correct-horse")
    for value in ("${oc.env:TOKEN_OF_MINE}", "x${oc.env:TOKEN_OF_MINE}", "${tracking.uri}"):
        with pytest.raises(UserError, match=r"expected a record .*run_name") as caught:
            from_yaml(f"data: {{name: imdb}}\ntracking: {{run_name: '{value}'}}")
        assert "correct-horse" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1]",
        "data: 3",
        "data: {name: [1]}",
        "a: [",
        "a: &a [1]\ndata: *a",
        "[" * 5000,
        "x: !!python/x 1",
    ],
)
def test_a_record_that_is_no_config_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        from_yaml(text)


def test_a_record_without_a_checksum_is_refused(workplace: Path) -> None:
    run = record(ImdbConfig(path="/gone.npz"))
    with pytest.raises(UserError, match="data_sha256"):
        reproduce(run, tracking_uri=None, data_path=None)
