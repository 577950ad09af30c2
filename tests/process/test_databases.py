"""A database is whole or not there, whatever ends the process that makes it."""

import logging
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from filelock import FileLock

from rcnn_sweep.errors import UserError
from rcnn_sweep.process import Schema, databases, ensure_database, read_database, tables_in

STATEMENTS = (
    "CREATE TABLE version (number INTEGER)",
    "CREATE TABLE things (name TEXT)",
    "CREATE UNIQUE INDEX names ON things (name)",
    "BEGIN",
    "INSERT INTO version VALUES (7)",
    "COMMIT",
)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "QUIET", 0.05)


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def making(killed_at: int | None = None) -> Callable[[Path], None]:
    """Make the tables a statement at a time, killed before that one."""

    def make(file: Path) -> None:
        with closing(sqlite3.connect(file, isolation_level=None)) as database:
            for number, statement in enumerate((*STATEMENTS, "SELECT 1")):
                if number == killed_at:
                    kill()
                database.execute(statement)

    return make


def schema(make: Callable[[Path], None]) -> Schema:
    return Schema(
        make=make,
        is_whole=lambda database: (
            "version" in tables_in(database) and any(database.execute("SELECT * FROM version"))
        ),
        seeds={"version": 1},
        expected="--things: expected things",
        advice="name another file",
    )


def ensure(file: Path, make: Callable[[Path], None]) -> None:
    lock = FileLock(f"{file}.lock")
    ensure_database(file, schema(make), lock=lock, seconds=1)


def forked(work: Callable[[], object]) -> int:
    """Start ``work`` in a process of its own; gives its id."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return child


def ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def names(file: Path) -> set[str]:
    """Name what lies beside a database, but for the lock."""
    return {path.name for path in file.parent.iterdir()} - {file.name, f"{file.name}.lock"}


def is_usable(file: Path) -> bool:
    with closing(sqlite3.connect(file)) as database:
        database.execute("INSERT INTO things VALUES ('a')")
        return database.execute("SELECT number FROM version").fetchall() == [(7,)]


@pytest.mark.parametrize("killed_at", range(len(STATEMENTS) + 1))
def test_a_maker_killed_at_any_statement_leaves_nothing_in_the_place(
    tmp_path: Path, killed_at: int
) -> None:
    file = tmp_path / "it's 100 %.db"
    for _ in range(2):
        assert ended(forked(lambda: ensure(file, making(killed_at)))) == -signal.SIGKILL
        assert not file.exists()
    ensure(file, making())
    assert is_usable(file)
    assert names(file) == set(), "what the killed ones left does not pile up"


def test_what_a_maker_left_as_it_was_killed_behind_the_last_step_goes(tmp_path: Path) -> None:
    file = tmp_path / "things.db"
    ensure(file, making())
    (tmp_path / ".things.db.x1.partial").mkdir()
    ensure(file, making())
    assert names(file) == set()
    assert is_usable(file)


@pytest.mark.parametrize("statements", range(len(STATEMENTS)))
def test_a_half_made_database_that_holds_nothing_makes_way(
    tmp_path: Path, statements: int, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "things.db"
    assert ended(forked(lambda: making(statements)(file))) == -signal.SIGKILL
    with caplog.at_level(logging.WARNING):
        ensure(file, making())
    assert is_usable(file)
    had_tables = statements > 0
    assert names(file) == ({"things.db.half-made"} if had_tables else set())
    assert len(caplog.records) == had_tables


def test_one_that_holds_something_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "things.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute(STATEMENTS[1])
        database.execute("INSERT INTO things VALUES ('precious')")
    before = file.read_bytes()
    with pytest.raises(UserError, match=r"--things: .* received .*things\.db, .*\n.* name another"):
        ensure(file, making())
    assert file.read_bytes() == before
    assert names(file) == set()


def test_makers_that_start_at_once_make_one(tmp_path: Path) -> None:
    file, made = tmp_path / "things.db", tmp_path / "made"

    def make(partial: Path) -> None:
        with made.open("a") as note:
            note.write("x")
        making()(partial)

    with FileLock(f"{file}.lock"):
        children = [forked(lambda: ensure(file, make)) for _ in range(3)]
        time.sleep(0.3)
    assert [ended(child) for child in children] == [0] * 3
    assert made.read_text() == "x"
    assert is_usable(file)


def test_what_another_program_made_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / "things.db"

    def make(partial: Path) -> None:
        making()(partial)
        making()(file)
        with closing(sqlite3.connect(file)) as theirs, theirs:
            theirs.execute("INSERT INTO things VALUES ('theirs')")

    ensure(file, make)
    found = read_database(file, lambda db: db.execute("SELECT * FROM things").fetchall(), seconds=1)
    assert found == [("theirs",)]
    assert names(file) == set()


def test_a_half_made_database_that_still_grows_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "QUIET", 0.4)
    file = tmp_path / "things.db"

    def slowly() -> None:
        with closing(sqlite3.connect(file, isolation_level=None)) as database:
            for statement in STATEMENTS:
                database.execute(statement)
                time.sleep(0.1)

    child = forked(slowly)
    while not (file.exists() and file.stat().st_size):
        time.sleep(0.01)
    ensure(file, making(killed_at=0))
    assert ended(child) == 0
    assert is_usable(file)
    assert names(file) == set()


def test_a_journal_that_a_killed_process_left_is_rolled_back(tmp_path: Path) -> None:
    file = tmp_path / "things.db"
    ensure(file, making())
    assert ended(forked(lambda: killed_in_a_transaction(file, "things"))) == -signal.SIGKILL
    assert names(file) == {"things.db-journal"}
    ensure(file, making(killed_at=0))
    assert is_usable(file)
    assert names(file) == set()


def killed_in_a_transaction(file: Path, table: str) -> None:
    """Be killed when a part of a transaction has been written into the file."""
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA cache_size = 1")
        database.execute("BEGIN")
        before = file.stat().st_mtime_ns
        for number in range(1000):
            database.execute(f"INSERT INTO {table} VALUES (?)", (f"{number}" * 2000,))
            if file.stat().st_mtime_ns != before and number > 100:
                kill()


def test_the_folder_that_it_is_made_in_is_private_and_of_a_new_name(tmp_path: Path) -> None:
    file, victim, places = tmp_path / "things.db", tmp_path / "victim", []
    victim.write_text("precious")
    (tmp_path / ".things.db.partial").symlink_to(victim)
    left = tmp_path / ".things.db.of-a-killed-one.partial"
    left.mkdir()

    def make(partial: Path) -> None:
        places.append(partial)
        assert partial.parent.stat().st_mode & 0o077 == 0
        assert not left.exists()
        making()(partial)

    for _ in range(2):
        ensure(file, make)
        assert is_usable(file)
        file.unlink()
    assert len({place.parent for place in places}) == 2
    assert victim.read_text() == "precious"
    assert not any(place.parent.exists() for place in places)
