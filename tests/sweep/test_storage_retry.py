"""A storage that is locked or out of reach is waited for; what it holds is never half done."""

import errno
import logging
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import optuna
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine, ExceptionContext

from rcnn_sweep.errors import UserError
from rcnn_sweep.names import StudyAttr
from rcnn_sweep.process import databases
from rcnn_sweep.sweep.storage import connection as storage
from rcnn_sweep.sweep.storage import retry
from rcnn_sweep.sweep.storage.connection import connected, open_storage, reopen_storage
from rcnn_sweep.sweep.storage.retry import StorageLost
from rcnn_sweep.sweep.study.queue import Claim, Queue
from rcnn_sweep.sweep.study.slots import Retries
from rcnn_sweep.sweep.study.trials import ERROR

RETRIES = Retries(1, datetime.now())
ME = Claim("me:1:1.0", "session", RETRIES)
WORK: list[Callable[[Queue], object]] = [
    lambda queue: queue.look().untried(),
    lambda queue: queue.claim(Claim("you:2:1.0", "session", RETRIES)),
    lambda queue: queue.set_attrs(0, {"heartbeat": 1}),
    lambda queue: queue.fail(0, ERROR, "a reason"),
    lambda queue: queue.set_study_attr("stopped", ["session"]),
    lambda queue: len(queue.trials()),
]


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Queue:
    """A queue of two slots whose first trial runs; SQLite's own wait is short here."""
    monkeypatch.setattr(storage, "WAIT", 0.1)
    url = f"sqlite:///{tmp_path / 'studies.db'}"
    opened = open_storage(url)
    study = optuna.create_study(storage=opened, study_name="s")
    made = Queue(opened, study._study_id, url)
    made.set_study_attr(StudyAttr.N_TRIALS, 2)
    assert made.claim(ME) == 0
    return made


@contextmanager
def locked(file: Path, seconds: float) -> Iterator[None]:
    other = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    timer = threading.Timer(seconds, other.rollback)
    timer.start()
    try:
        yield
    finally:
        timer.join()
        other.close()


@pytest.mark.parametrize("work", WORK)
def test_locked_file_is_waited_for_by_everything(
    queue: Queue, tmp_path: Path, work: Callable[[Queue], object], caplog: pytest.LogCaptureFixture
) -> None:
    with locked(tmp_path / "studies.db", 1.2), caplog.at_level(logging.WARNING):
        started = time.monotonic()
        result = work(queue)
        assert time.monotonic() - started > 1
    assert result == dict(zip(WORK, (1, 1, None, True, None, 1), strict=True))[work]
    said = [record.getMessage() for record in caplog.records if "answer" in record.getMessage()]
    assert len(said) == 2, "once when it begins and once when it is over"
    assert str(tmp_path / "studies.db") in said[0] and "database is locked" in said[0]


def test_worker_starts_on_a_locked_file(queue: Queue, tmp_path: Path) -> None:
    with locked(tmp_path / "studies.db", 1.2):
        assert connected(queue.url).get_study_id_from_name("s") == queue.study_id


def test_waiting_ends_with_the_name_of_the_file(
    queue: Queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "LIMIT", 0.8)
    with (
        locked(tmp_path / "studies.db", 3),
        pytest.raises(StorageLost, match=r"studies\.db did not answer .* database is locked"),
    ):
        queue.set_attrs(0, {"heartbeat": 1})


def test_what_will_not_pass_is_not_waited_for(queue: Queue, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "studies.db") as database:
        database.execute("DROP TABLE trial_user_attributes")
    started = time.monotonic()
    with pytest.raises(StorageLost, match=r"studies\.db cannot be used: no such table"):
        queue.set_attrs(0, {"heartbeat": 1})
    assert time.monotonic() - started < 1


def test_connection_lost_in_the_midst_of_a_question_is_waited_for(queue: Queue) -> None:
    """Optuna asks again in the broken transaction; only SQLAlchemy's refusal of that is seen."""
    losses = []

    def lose(cursor: object, statement: str, parameters: object, context: object) -> None:
        if "FROM trial_user_attributes" in statement and not losses:
            losses.append(statement)
            raise sqlite3.OperationalError("server closed the connection unexpectedly")

    def as_lost(context: ExceptionContext) -> None:
        context.is_disconnect = True

    event.listen(Engine, "do_execute", lose)
    event.listen(Engine, "handle_error", as_lost)
    try:
        assert len(queue.trials()) == 1
    finally:
        event.remove(Engine, "do_execute", lose)
        event.remove(Engine, "handle_error", as_lost)
    assert losses


def test_studies_left_half_made_at_any_statement_make_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "QUIET", 0.01)
    work, kept = tmp_path / "work", tmp_path / "kept"
    work.mkdir()

    def keep(*_: object) -> None:
        folder = kept / f"{len(moments):03}"
        folder.mkdir(parents=True)
        for file in work.glob("studies.db*"):
            shutil.copy(file, folder)
        moments.append(folder)

    def hurry(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA synchronous = OFF")

    moments: list[Path] = []
    event.listen(Engine, "before_cursor_execute", keep)
    event.listen(Engine, "connect", hurry)
    optuna.storages.RDBStorage(f"sqlite:///{work / 'studies.db'}").engine.dispose()
    event.remove(Engine, "before_cursor_execute", keep)
    event.remove(Engine, "connect", hurry)
    monkeypatch.setattr(storage, "_make", lambda file: shutil.copy(work / "studies.db", file))
    assert len(moments) > 40
    moved = 0
    for folder in moments[::4]:
        opened = open_storage(f"sqlite:///{folder / 'studies.db'}")
        assert opened.get_all_studies() == []
        left = {path.name for path in folder.iterdir()} - {"studies.db-lock"}
        assert left in ({"studies.db"}, {"studies.db", "studies.db.half-made"})
        moved += len(left) - 1
    assert moved > 4


def test_studies_are_made_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ended(Exception):
        pass

    def end(*_: object) -> None:
        raise Ended

    url = f"sqlite:///{tmp_path / 'studies.db'}"
    monkeypatch.setattr(databases, "sync_folder", end)
    with pytest.raises(Ended):
        open_storage(url)
    monkeypatch.undo()
    before = (tmp_path / "studies.db").read_bytes()
    open_storage(url)
    assert (tmp_path / "studies.db").read_bytes() == before, "it was whole when it was moved"
    event.listen(Engine, "commit", end)
    other = tmp_path / "other.db"
    with pytest.raises(Ended):
        open_storage(f"sqlite:///{other}")
    event.remove(Engine, "commit", end)
    assert not other.exists()
    open_storage(f"sqlite:///{other}")
    assert not (tmp_path / ".other.db.partial").exists()


def test_a_disk_that_is_full_as_the_folder_of_studies_is_made_is_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "there")

    monkeypatch.setattr(databases, "TemporaryDirectory", refuse)
    with pytest.raises(UserError, match=r"^the storage .*s\.db: .*No space left on device"):
        reopen_storage(f"sqlite:///{tmp_path}/s.db")


@pytest.mark.parametrize("statement", ["CREATE TABLE studies", "INSERT INTO version_info"])
def test_a_disk_that_is_full_as_studies_are_made_is_told_in_a_line(
    tmp_path: Path, statement: str
) -> None:
    def refuse(_: object, __: object, text: str, *___: object) -> None:
        if " ".join(text.split()).startswith(statement):
            raise sqlite3.OperationalError("database or disk is full")

    event.listen(Engine, "before_cursor_execute", refuse)
    try:
        with pytest.raises(UserError, match=r"^the studies in .*s\.db cannot be used: .*is full"):
            open_storage(f"sqlite:///{tmp_path}/s.db")
    finally:
        event.remove(Engine, "before_cursor_execute", refuse)
    assert not (tmp_path / "s.db").exists()
