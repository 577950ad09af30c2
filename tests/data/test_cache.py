import multiprocessing
import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rcnn_sweep.data import Vocabulary, cache_folder
from rcnn_sweep.data.cache import content_key, open_or_build
from rcnn_sweep.data.corpus import Encoded
from rcnn_sweep.errors import DataError

Say = Callable[[str], None]


def encoded(value: int = 7) -> Encoded:
    x = np.full((3, 4), value, np.uint16)
    y = np.array([0, 1, 0], np.int32)
    return Encoded(x, y, x + 1, y, ("no", "yes"), Vocabulary(("a",), 9, 4, "oov"), ("a note",))


def refuse() -> Encoded:
    raise AssertionError("built although it is cached")


def test_second_opening_reads_what_the_first_built(say: Say) -> None:
    open_or_build("key", encoded, say=say)
    found = open_or_build("key", refuse, say=say)
    assert found.x_test.tolist() == [[8] * 4] * 3
    assert found.y_train.dtype == np.int32
    assert isinstance(found.x_train, np.memmap)
    assert (found.label_names, found.notes) == (("no", "yes"), ("a note",))
    assert found.vocabulary == Vocabulary(("a",), 9, 4, "oov")


def test_absent_vocabulary_stays_absent(say: Say) -> None:
    plain = encoded()
    without = Encoded(**{**plain.__dict__, "vocabulary": None})
    assert open_or_build("key", lambda: without, say=say).vocabulary is None


@pytest.mark.parametrize("name", ["x_train.npy", "y_test.npy", "vocabulary.json", "manifest.json"])
@pytest.mark.parametrize("damage", ["truncated", "changed", "removed"])
def test_damaged_entry_is_announced_and_rebuilt(
    cache: Path, said: list[str], say: Say, name: str, damage: str
) -> None:
    open_or_build("key", encoded, say=say)
    file = cache / "encoded" / "key" / name
    content = bytearray(file.read_bytes())
    if damage == "removed":
        file.unlink()
    elif damage == "truncated":
        file.write_bytes(content[:-1])
    else:
        content[0] ^= 1
        file.write_bytes(content)
    assert open_or_build("key", lambda: encoded(5), say=say).x_train[0, 0] == 5
    assert len(said) == 1
    assert "is damaged" in said[0]
    assert sorted(path.name for path in (cache / "encoded").iterdir()) == ["key", "key.lock"]


def test_drafts_of_killed_processes_are_removed(cache: Path, say: Say) -> None:
    draft = cache / "encoded" / ".key.dead"
    draft.mkdir(parents=True)
    (draft / "x_train.npy").write_bytes(b"half")
    open_or_build("key", encoded, say=say)
    assert not draft.exists()


def test_failed_build_publishes_nothing(cache: Path, say: Say) -> None:
    with pytest.raises(AssertionError):
        open_or_build("key", refuse, say=say)
    assert not (cache / "encoded" / "key").exists()


def test_full_disk_names_path_and_cause_and_leaves_nothing(cache: Path, say: Say) -> None:
    """A limit on file size stands for a full disk: writing fails in the middle of a file."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(DataError) as caught:
            open_or_build("key", encoded, say=say)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(cache / "encoded") in str(caught.value)
    assert "File too large" in str(caught.value)
    assert [path.name for path in (cache / "encoded").iterdir()] == ["key.lock"]


def test_unwritable_cache_names_path_and_next_step(cache: Path, say: Say) -> None:
    cache.write_text("a file where the folder should be")
    with pytest.raises(DataError, match=r"(?s)cache folder.*Not a directory.*RCNN_SWEEP_CACHE"):
        open_or_build("key", encoded, say=say)


def _build_slowly(log: str) -> None:
    def build() -> Encoded:
        with Path(log).open("a") as file:
            file.write("built\n")
        return encoded()

    assert open_or_build("key", build, say=print).x_train[0, 0] == 7


def test_processes_that_want_one_entry_build_it_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_build_slowly, args=(str(log),)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    assert log.read_text() == "built\n"


def test_cache_folder_follows_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RCNN_SWEEP_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "rcnn_sweep"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_folder() == tmp_path / "home" / ".cache" / "rcnn_sweep"


def test_key_depends_on_every_part() -> None:
    assert content_key({"a": 1, "b": 2}) == content_key({"b": 2, "a": 1})
    assert content_key({"a": 1}) != content_key({"a": 2})
