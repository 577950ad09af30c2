"""SQLite databases that are whole or not there, whatever ends the process that makes them."""

import glob
import logging
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from enum import Enum
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from rcnn_sweep.errors import UserError
from rcnn_sweep.process.files import PARTIAL, sync_folder
from rcnn_sweep.process.retrying import once, retry, wait

ATTEMPT, PAUSE = 1.0, 0.2
"""Seconds that SQLite waits for a lock, and between two attempts, where signals are heeded."""

QUIET = 3.0
"""Seconds without a change after which nobody can be at work on a half-made database."""

COMPANIONS = ("", "-journal", "-wal", "-shm")
"""What the files of one database are called behind its name."""

Result = TypeVar("Result")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Schema:
    """The tables of one kind of database.

    ``make`` makes them in a file that is not there and lets go of it. ``is_whole`` tells them from
    half-made ones. ``seeds`` are the most rows that a new database has, by table. ``expected`` and
    ``advice`` say in an error what the database should be and what to do now.
    """

    make: Callable[[Path], None]
    is_whole: Callable[[sqlite3.Connection], bool]
    seeds: Mapping[str, int]
    expected: str
    advice: str


class _State(Enum):
    NOTHING = "no file, or one without tables"
    WHOLE = "whole"
    HALF_MADE = "half made, and without content"
    STRANGE = "another schema's, with content"


def read_database(
    file: Path, look: Callable[[sqlite3.Connection], Result], *, seconds: float
) -> Result:
    """Give what ``look`` finds in ``file``, waiting up to ``seconds`` while another has it locked.

    It is opened to write: where a process was killed in mid-transaction, SQLite rolls back what
    the journal beside the file holds. Raises :class:`sqlite3.Error`.
    """
    address = f"{file.absolute().as_uri()}?mode=rw"

    def attempt() -> Result:
        patience = min(ATTEMPT, seconds)
        with closing(sqlite3.connect(address, uri=True, timeout=patience)) as database:
            return look(database)

    return retry(
        attempt,
        passing=lambda error: isinstance(error, sqlite3.Error) and "locked" in str(error),
        pauses=repeat(PAUSE),
        seconds=seconds,
        on_wait=once(lambda error: log.warning("%s does not answer (%s): waiting", file, error)),
    )


def tables_in(database: sqlite3.Connection) -> set[str]:
    """Name the tables of an open database."""
    rows = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {name for (name,) in rows if not name.startswith("sqlite_")}


def ensure_database(
    file: Path, schema: Schema, *, lock: AbstractContextManager[object], seconds: float
) -> None:
    """Have ``file`` be a whole database of ``schema``; where there is none, make it.

    It is made beside its place and moved there, so that nobody ever sees a part of it. ``lock``
    keeps makers apart; it is taken only where something is to be made, or a killed maker left its
    folder. A half-made database that holds nothing, as a killed program leaves it, is moved aside.
    Raises :class:`UserError` for one that holds something, :class:`sqlite3.Error` for one that
    cannot be read within ``seconds``.
    """
    if _state(file, schema, seconds) is _State.WHOLE and not _left_by_makers(file):
        return
    with lock:
        for left in _left_by_makers(file):
            shutil.rmtree(left, ignore_errors=True)
        while (state := _state(file, schema, seconds)) is not _State.WHOLE:
            if state is _State.NOTHING:
                _make(file, schema, seconds)
            elif state is _State.STRANGE:
                raise UserError(
                    f"{schema.expected}; received {file}, which holds something in other tables, "
                    f"or in a part of them.\nIt is left as it is: {schema.advice}."
                )
            elif _is_at_rest(file):
                _move_aside(file)


def _state(file: Path, schema: Schema, seconds: float) -> _State:
    def look(database: sqlite3.Connection) -> _State:
        if not (tables := tables_in(database)):
            return _State.NOTHING
        if schema.is_whole(database):
            return _State.WHOLE
        held = (name for name in tables if _rows(database, name) > schema.seeds.get(name, 0))
        return _State.HALF_MADE if next(held, None) is None else _State.STRANGE

    is_there = file.exists() and file.stat().st_size
    return read_database(file, look, seconds=seconds) if is_there else _State.NOTHING


def _rows(database: sqlite3.Connection, table: str) -> int:
    quoted = table.replace('"', '""')
    return int(database.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()[0])


def _left_by_makers(file: Path) -> list[Path]:
    """Name the private folders of makers, which are killed ones' where the lock is held."""
    return [*file.parent.glob(f".{glob.escape(file.name)}.*{PARTIAL}")]


def _make(file: Path, schema: Schema, seconds: float) -> None:
    """Make the database in a private folder beside its place.

    Another program may have been quicker.
    """
    private = TemporaryDirectory(prefix=f".{file.name}.", suffix=PARTIAL, dir=file.parent)
    with private as folder:
        partial = Path(folder, file.name)
        schema.make(partial)
        if _state(file, schema, seconds) is _State.NOTHING:
            _unlink(file, COMPANIONS[1:])  # a journal left there is not the new database's
            partial.replace(file)
            sync_folder(file.parent)


def _unlink(file: Path, endings: tuple[str, ...]) -> None:
    for ending in endings:
        file.with_name(file.name + ending).unlink(missing_ok=True)


def _is_at_rest(file: Path) -> bool:
    """Say whether a half-made database stays as it is: no other program is at its making."""
    before = file.stat().st_mtime_ns
    wait(QUIET)
    return file.exists() and file.stat().st_mtime_ns == before


def _move_aside(file: Path) -> None:
    """Rename a half-made database; it has no journal, for it has just been read."""
    aside = file.with_name(f"{file.name}.half-made")
    file.replace(aside)
    log.warning(
        "%s was half made, by a process that was killed, and held nothing: it is %s now, and a "
        "new one takes its place.",
        file,
        aside.name,
    )
