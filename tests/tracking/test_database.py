"""The store's file is whole or not there; what a killed maker left of it does no harm."""

import logging
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from rcnn_sweep.errors import UserError
from rcnn_sweep.process import databases
from rcnn_sweep.tracking import RunReader, Store, check_store, database, tracking_uri

SPACING = 160
"""Statements of a migration between two of the moments at which it is looked at."""

EARLY = 10
"""Statements before each of which it is looked at."""


@contextmanager
def listening(name: str, call: Callable[..., None]) -> Iterator[None]:
    event.listen(Engine, name, call)
    try:
        yield
    finally:
        event.remove(Engine, name, call)


@pytest.fixture(scope="module")
def moments(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Folders with what a kill would have left of a new store, at many moments of its making."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    work, kept = tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("kept")
    count = 0

    def keep(*_: object) -> None:
        nonlocal count
        if count % SPACING == 0 or count < EARLY:
            folder = kept / f"{count:04}"
            folder.mkdir()
            for file in work.glob("mlflow.db*"):
                shutil.copy(file, folder)
        count += 1

    def hurry(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA synchronous = OFF")

    with listening("before_cursor_execute", keep), listening("connect", hurry):
        SqlAlchemyStore(f"sqlite:///{work}/mlflow.db", "mlruns").engine.dispose()
    return sorted(kept.iterdir())


@pytest.mark.slow
def test_a_store_left_half_made_at_any_moment_makes_way_for_a_whole_one(
    moments: list[Path],
    migrated_database: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(databases, "QUIET", 0.01)
    monkeypatch.setattr(database, "_make", lambda file: shutil.copy(migrated_database, file))
    assert len(moments) > EARLY + 5
    moved = 0
    for moment in moments:
        folder = shutil.copytree(moment, tmp_path / moment.name)
        uri = f"sqlite:///{folder}/mlflow.db"
        check_store(uri)
        Store(uri, "e")
        left = {path.name for path in folder.iterdir()} - {"mlflow.db.lock"}
        assert left in ({"mlflow.db"}, {"mlflow.db", "mlflow.db.half-made"})
        moved += len(left) - 1
    assert moved > 5


@pytest.mark.slow
def test_a_store_whose_maker_is_killed_is_not_there_and_the_next_one_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    child = os.fork()
    if child == 0:
        count = 0

        def kill(*_: object) -> None:
            nonlocal count
            count += 1
            if count == 5 * SPACING:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(Engine, "before_cursor_execute", kill)
        try:
            Store(tracking_uri(None), "e")
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert not Path("mlflow.db").exists()
    assert [*Path().glob(".mlflow.db.*.partial")], "it was killed in the midst of its work"
    store = Store(tracking_uri(None), "e")
    assert store.start("run", name="r", tags={}).run_id
    assert {path.name for path in tmp_path.iterdir()} == {"mlflow.db", "mlflow.db.lock"}


@pytest.mark.parametrize("open_it", [lambda: Store(tracking_uri(None), "e"), RunReader])
def test_one_with_runs_and_other_tables_is_refused_in_two_lines_and_not_touched(
    workplace: Path, open_it: Callable[[], object]
) -> None:
    Store(tracking_uri(None), "e").start("run", name="precious", tags={})
    with closing(sqlite3.connect("mlflow.db")) as store, store:
        store.execute("UPDATE alembic_version SET version_num = 'ff01c5e7aa0b'")
        store.execute("DROP TABLE trace_tags")
    before = Path("mlflow.db").read_bytes()
    with pytest.raises(UserError, match=r"mlflow\.db, which holds .*\n.*mlflow db upgrade") as told:
        open_it()
    assert len(str(told.value).splitlines()) == 2
    assert Path("mlflow.db").read_bytes() == before
    assert not Path("mlflow.db.half-made").exists()


def test_a_journal_that_a_killed_process_left_is_no_damage(workplace: Path) -> None:
    child = os.fork()
    if child == 0:
        killed_in_a_transaction()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert Path("mlflow.db-journal").stat().st_size
    check_store(tracking_uri(None))
    assert not Path("mlflow.db-journal").exists()
    assert RunReader().experiments()["0"] == "Default"


def killed_in_a_transaction() -> None:
    """End this process when a part of a transaction has been written into the file."""
    store = sqlite3.connect("mlflow.db", isolation_level=None)
    store.execute("PRAGMA cache_size = 1")
    store.execute("BEGIN")
    for number in range(200):
        store.execute("INSERT INTO experiment_tags VALUES (?, 'v', 0)", (f"{number}" * 1000,))
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_is_moved_aside_is_said_in_one_line(
    moments: list[Path],
    migrated_database: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(databases, "QUIET", 0.01)
    monkeypatch.setattr(database, "_make", lambda file: shutil.copy(migrated_database, file))
    monkeypatch.chdir(shutil.copytree(moments[-2], tmp_path / "one"))
    with caplog.at_level(logging.WARNING):
        assert RunReader().experiments()["0"] == "Default"
    [record] = caplog.records
    assert "mlflow.db.half-made now" in record.getMessage()
