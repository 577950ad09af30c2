"""The study's storage by URL: opening it, locking it, never printing its password."""

import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import optuna
import sqlalchemy
from filelock import FileLock, Timeout
from optuna.storages import BaseStorage, RDBStorage
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from rcnn_sweep.errors import UserError
from rcnn_sweep.process import without_password
from rcnn_sweep.sweep.storage.retry import StorageLost, line, retrying, until_it_answers

WAIT = 60.0
"""Seconds to wait for another process's transaction before SQLite gives up."""

LOCK_WAIT = 600.0
"""Seconds to wait for another process's turn; a turn may open a tracking server's record."""

_LOCKS = {
    "postgresql": ("SELECT pg_advisory_lock(:key)", "SELECT pg_advisory_unlock(:key)"),
    "mysql": ("SELECT GET_LOCK(:key, 600)", "SELECT RELEASE_LOCK(:key)"),
}
PASSWORD_VARIABLE = "RCNN_SWEEP_STORAGE"
"""The environment variable in which workers find a storage's URL with its password."""

OPTION = "the storage (hydra.sweeper.storage, --storage)"
"""What errors call the option: a sweep and the verbs name it differently."""

HIDDEN = "***"
KEY = {"key": zlib.crc32(b"rcnn_sweep")}


def storage_url(storage: str | None) -> str:
    """Give the storage's URL, an SQLite path in it made absolute.

    None means ``studies.db`` in the working directory. Raises :class:`UserError`.
    """
    url = _parsed(storage or "sqlite:///studies.db")
    if (backend := url.get_backend_name()) not in ("sqlite", *_LOCKS):
        raise UserError(
            f"{OPTION}: expected a URL of sqlite, postgresql or mysql; received {backend}."
        )
    if backend != "sqlite":
        return url.render_as_string(hide_password=False)
    if url.database in (None, "", ":memory:"):
        raise UserError(f"{OPTION}: expected a file, sqlite:///studies.db; received none.")
    file = Path(str(url.database)).absolute()
    return URL.create("sqlite", database=str(file)).render_as_string()


def _parsed(storage: str) -> URL:
    try:
        return make_url(storage)
    except ArgumentError as error:
        raise UserError(
            f"{OPTION}: expected a URL such as sqlite:///studies.db or "
            f"postgresql://user@host/name; received {without_password(storage)}."
        ) from error


def masked(url: str) -> str:
    """Give the URL with ``***`` for its password."""
    return make_url(url).render_as_string(hide_password=True)


def with_password(url: str) -> str:
    """Give the URL of a worker's storage, its password taken from the environment if masked.

    Raises :class:`UserError` where it is in neither.
    """
    if make_url(url).password != HIDDEN:
        return url
    whole = os.environ.get(PASSWORD_VARIABLE, "")
    if not whole or masked(whole) != url:
        raise UserError(
            f"{PASSWORD_VARIABLE}: expected the URL of {url} with its password in the "
            "environment of workers elsewhere, received none. Have the launcher pass it on."
        )
    return whole


def sqlite_file(url: str) -> Path | None:
    """Give the file of an SQLite URL, None for a server."""
    parsed = make_url(url)
    return Path(str(parsed.database)) if parsed.get_backend_name() == "sqlite" else None


def open_storage(url: str) -> BaseStorage:
    """Open the storage for a command, creating its tables if need be.

    Raises :class:`UserError`, naming the file, where it is no study database; touches it not.
    """
    check_storage(url)
    with _mistakes_named(url):
        return connected(url)


def check_storage(url: str) -> None:
    """Raise :class:`UserError` unless the storage answers and may hold studies; writes nothing."""
    with _mistakes_named(url):
        _check(url)


@contextmanager
def _mistakes_named(url: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise UserError(
            f"{OPTION}: expected a database driver for {masked(url)}; found none: {error}"
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
    is_file = sqlite_file(url) is not None
    options: dict[str, Any] = (
        {"connect_args": {"timeout": WAIT}} if is_file else {"pool_pre_ping": True}
    )
    with exclusive(url):
        rdb = until_it_answers(lambda: RDBStorage(url, engine_kwargs=options), masked(url))
    return retrying(optuna.storages.get_storage(rdb), masked(url))


def _check(url: str) -> None:
    file = sqlite_file(url)
    if file is not None:
        _check_file(file)
        return
    with _engine(url).connect():
        pass


def _check_file(file: Path) -> None:
    if not file.parent.is_dir():
        raise UserError(f"{OPTION}: expected an existing directory; received {file.parent}.")
    if not file.exists():
        return
    # Not read-only: a process killed in mid-transaction leaves a journal that SQLite rolls back.
    address = f"file:{_quoted(file)}?mode=rw"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=WAIT)) as database:
            state = database.execute("PRAGMA quick_check(1)").fetchone()[0]
            rows = database.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall()
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
    if (tables := {name for (name,) in rows}) and "studies" not in tables:
        raise UserError(
            f"{OPTION}: expected studies in {file}; found {', '.join(sorted(tables)[:3])}, ..."
        )


def _quoted(file: Path) -> str:
    return str(file).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


@contextmanager
def exclusive(url: str) -> Iterator[None]:
    """Hold the storage's one lock over processes; a process that dies lets go of it.

    SQLite would hand one WAITING trial to two workers that ask at once: its transactions begin
    at the first write, after the read. Not reentrant.
    """
    file = sqlite_file(url)
    with _file_locked(file) if file is not None else _server_locked(url):
        yield


@contextmanager
def _file_locked(file: Path) -> Iterator[None]:
    lock = FileLock(f"{file}-lock", timeout=LOCK_WAIT)
    try:
        lock.acquire()
    except Timeout as error:
        raise StorageLost(f"another process held {error.lock_file} for {LOCK_WAIT:.0f} s") from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _server_locked(url: str) -> Iterator[None]:
    acquire, release = _LOCKS[make_url(url).get_backend_name()]
    connection = until_it_answers(lambda: _locking(url, acquire), masked(url))
    try:
        yield
    finally:
        try:
            connection.execute(sqlalchemy.text(release), KEY)
        except SQLAlchemyError:
            connection.invalidate()  # the server lets go of the lock of a lost connection
        connection.close()


def _locking(url: str, acquire: str) -> Connection:
    connection = _engine(url).connect()
    try:
        if connection.execute(sqlalchemy.text(acquire), KEY).scalar() == 0:
            raise StorageLost(f"another process held the lock of {masked(url)} for 600 s")
    except BaseException:
        connection.close()
        raise
    return connection


@lru_cache(maxsize=4)
def _engine(url: str) -> Engine:
    return sqlalchemy.create_engine(url, pool_pre_ping=True)
