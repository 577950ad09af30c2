"""Opening the storage of studies: checked by a command, waited for by a worker."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, RDBStorage
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from rcnn_sweep.errors import UserError
from rcnn_sweep.process import Schema, ensure_database, once, read_database, retry, tables_in
from rcnn_sweep.sweep.storage.address import OPTION, masked, sqlite_file
from rcnn_sweep.sweep.storage.lock import engine, exclusively, server_options
from rcnn_sweep.sweep.storage.mysql import widen_tables
from rcnn_sweep.sweep.storage.retry import (
    LIMIT,
    StorageLost,
    line,
    pauses,
    retrying,
    until_it_answers,
)

WAIT = 60.0
"""Seconds to wait for another process's transaction before SQLite gives up."""

RESTARTING = ("starting up", "shutting down", "recovery mode", "not yet accepting connections")
"""What PostgreSQL says of itself for the moments of a restart."""

DRIVERS = {
    "postgresql": "Install the extra postgres.",
    "mysql": "Install the extra mysql and write mysql+pymysql://...",
}
"""What brings a server's driver, by SQLAlchemy's name of the server."""

log = logging.getLogger(__name__)


def open_storage(url: str) -> BaseStorage:
    """Open the storage for a command, creating its tables if need be.

    Raises :class:`UserError`, naming the file, where it is no study database; touches it not.
    """
    check_storage(url)
    return reopen_storage(url)


def reopen_storage(url: str) -> BaseStorage:
    """Open a storage that the same command has checked: an outage since then is waited for.

    Raises :class:`UserError`, naming the storage, where it cannot be used.
    """
    with _mistakes_named(url):
        return connected(url)


def check_storage(url: str) -> None:
    """Raise :class:`UserError` unless the storage answers and may hold studies; writes nothing.

    A server that says that it restarts is waited for; where none answers, the address may be wrong.
    """
    with _mistakes_named(url):
        _check(url)


@contextmanager
def _mistakes_named(url: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        advice = DRIVERS.get(make_url(url).get_backend_name(), "")
        raise UserError(
            f"{OPTION}: expected a database driver for {masked(url)}; found none: {error}. {advice}"
        ) from error
    except StorageLost as error:
        raise UserError(str(error)) from error
    except (SQLAlchemyError, RuntimeError, OSError) as error:
        raise UserError(
            f"{OPTION}: expected a database that answers; received {masked(url)}: {line(error)}"
        ) from error


def connected(url: str) -> BaseStorage:
    """Open a storage that is known to hold studies; each call of it waits until it answers."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    file = sqlite_file(url)
    options: dict[str, Any] = (
        server_options(url) if file is None else {"connect_args": {"timeout": WAIT}}
    )

    def made() -> RDBStorage:
        storage = RDBStorage(url, engine_kwargs=options)
        if storage.engine.name == "mysql":
            widen_tables(engine(url))
        return storage

    def opened() -> RDBStorage:
        if file is not None:
            _ensure(file)
        return until_it_answers(made, masked(url))

    return retrying(optuna.storages.get_storage(exclusively(url, opened)), masked(url))


def _ensure(file: Path) -> None:
    """Have the file be a whole database; the storage's lock is held."""
    schema = Schema(
        make=_make,
        is_whole=_is_whole,
        seeds={"version_info": 1},
        expected=f"{OPTION}: expected a database with Optuna's tables",
        advice="restore it from a copy, or name another storage",
    )
    try:
        ensure_database(file, schema, lock=nullcontext(), seconds=LIMIT)
    except (sqlite3.Error, SQLAlchemyError, StorageInternalError) as error:
        raise StorageLost(f"the studies in {file} cannot be used: {line(error)}") from error


def _make(file: Path) -> None:
    RDBStorage(URL.create("sqlite", database=str(file)).render_as_string()).engine.dispose()


def _is_whole(database: sqlite3.Connection) -> bool:
    """Say whether the tables bear a revision, which Optuna writes last."""
    return "alembic_version" in tables_in(database) and any(
        database.execute("SELECT version_num FROM alembic_version")
    )


def _check(url: str) -> None:
    file = sqlite_file(url)
    if file is not None:
        _check_file(file)
        return

    def ask() -> None:
        with engine(url).connect():
            pass

    retry(
        ask,
        passing=lambda error: any(word in str(error) for word in RESTARTING),
        pauses=pauses(),
        seconds=LIMIT,
        on_wait=once(lambda error: log.warning("%s: %s: waiting", masked(url), line(error))),
    )


def _check_file(file: Path) -> None:
    if not file.parent.is_dir():
        raise UserError(f"{OPTION}: expected an existing directory; received {file.parent}.")
    if not file.exists():
        return
    try:
        state, tables = read_database(file, _condition, seconds=WAIT)
    except sqlite3.DatabaseError as error:
        raise UserError(
            f"{OPTION}: expected an SQLite database; received {file}, which cannot be used "
            f"({error}). It is left as it is."
        ) from error
    if state != "ok":
        raise UserError(
            f"{OPTION}: expected a whole database; received {file}, which is damaged: {state}.\n"
            "It is left as it is: restore it from a copy, or name another storage."
        )
    if tables and "studies" not in tables:
        raise UserError(
            f"{OPTION}: expected studies in {file}; found {', '.join(sorted(tables)[:3])}, ..."
        )


def _condition(database: sqlite3.Connection) -> tuple[str, set[str]]:
    return database.execute("PRAGMA quick_check(1)").fetchone()[0], tables_in(database)
