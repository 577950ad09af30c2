"""The study's storage by URL: opening it, locking it, never printing its password."""

import logging
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import optuna
import sqlalchemy
from filelock import FileLock
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, RDBStorage
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from rcnn_sweep.errors import UserError

WAIT = 60.0
"""Seconds to wait for another process's transaction before SQLite gives up."""

LOCK_WAIT = 600.0
"""Seconds to wait for another process's turn; a turn may open a tracking server's record."""

PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds between attempts to store a result; each attempt waits for a lock by itself."""

log = logging.getLogger(__name__)

_LOCKS = {
    "postgresql": ("SELECT pg_advisory_lock(:key)", "SELECT pg_advisory_unlock(:key)"),
    "mysql": ("SELECT GET_LOCK(:key, 600)", "SELECT RELEASE_LOCK(:key)"),
}


def storage_url(storage: str | None) -> str:
    """Give the storage's URL, an SQLite path in it made absolute.

    None means ``studies.db`` in the working directory. Raises :class:`UserError`.
    """
    url = _parsed(storage or "sqlite:///studies.db")
    if (backend := url.get_backend_name()) not in ("sqlite", *_LOCKS):
        raise UserError(f"hydra.sweeper.storage: sqlite, postgresql or mysql, received {backend}")
    if backend != "sqlite":
        return url.render_as_string(hide_password=False)
    if url.database in (None, "", ":memory:"):
        raise UserError("hydra.sweeper.storage must name a file: sqlite:///studies.db")
    file = Path(str(url.database)).absolute()
    return URL.create("sqlite", database=str(file)).render_as_string()


def _parsed(storage: str) -> URL:
    try:
        return make_url(storage)
    except ArgumentError as error:
        raise UserError(
            "hydra.sweeper.storage must be a URL such as sqlite:///studies.db or "
            "postgresql://user@host/name"
        ) from error


def masked(url: str) -> str:
    """Give the URL with ``***`` for its password."""
    return make_url(url).render_as_string(hide_password=True)


def sqlite_file(url: str) -> Path | None:
    """Give the file of an SQLite URL, None for a server."""
    parsed = make_url(url)
    return Path(str(parsed.database)) if parsed.get_backend_name() == "sqlite" else None


def open_storage(url: str) -> BaseStorage:
    """Open the storage, creating its tables if need be.

    Raises :class:`UserError`, naming the file, where it is no study database; touches it not.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    file = sqlite_file(url)
    engine_kwargs: dict[str, Any] = {"pool_pre_ping": True}
    if file is not None:
        _check_file(file)
        engine_kwargs = {"connect_args": {"timeout": WAIT}}
    try:
        with exclusive(url):
            return optuna.storages.get_storage(_rdb(url, engine_kwargs))
    except ImportError as error:
        raise UserError(f"the storage {masked(url)} needs a database driver: {error}") from error
    except (SQLAlchemyError, StorageInternalError, RuntimeError, OSError) as error:
        raise UserError(f"cannot open the studies in {masked(url)}: {_line(error)}") from error


def _rdb(url: str, engine_kwargs: dict[str, Any]) -> Any:
    return RDBStorage(url, engine_kwargs=engine_kwargs)


def _check_file(file: Path) -> None:
    if not file.parent.is_dir():
        raise UserError(f"the studies' directory does not exist: {file.parent}")
    if not file.exists():
        return
    # Not read-only: a process killed in mid-transaction leaves a journal that SQLite rolls back.
    address = f"file:{_quoted(file)}?mode=rw"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=WAIT)) as database:
            state = database.execute("PRAGMA quick_check(1)").fetchone()[0]
            rows = database.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall()
    except sqlite3.DatabaseError as error:
        raise UserError(f"cannot use {file} as an SQLite database: {error}") from error
    if state != "ok":
        raise UserError(f"{file} is damaged: {state}; restore it, or name another storage")
    if (tables := {name for (name,) in rows}) and "studies" not in tables:
        raise UserError(f"{file} holds no studies but {', '.join(sorted(tables)[:3])}, ...")


def _quoted(file: Path) -> str:
    return str(file).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _line(error: Exception) -> str:
    return str(error.__cause__ or error).strip().splitlines()[0]


@contextmanager
def exclusive(url: str) -> Iterator[None]:
    """Hold the storage's one lock over processes; a process that dies lets go of it.

    SQLite would hand one WAITING trial to two workers that ask at once: its transactions begin
    at the first write, after the read. Not reentrant.
    """
    file = sqlite_file(url)
    if file is not None:
        with FileLock(f"{file}-lock", timeout=LOCK_WAIT):
            yield
        return
    acquire, release = _LOCKS[make_url(url).get_backend_name()]
    key = {"key": zlib.crc32(b"rcnn_sweep")}
    with _engine(url).connect() as connection:
        connection.execute(sqlalchemy.text(acquire), key)
        try:
            yield
        finally:
            connection.execute(sqlalchemy.text(release), key)


def patiently(call: Callable[[], object]) -> None:
    """Repeat ``call`` while the storage is locked or out of reach, for some minutes.

    A result that took minutes to compute must not be lost to a lock of seconds.
    """
    for pause in PAUSES:
        try:
            call()
            return
        except StorageInternalError as error:
            log.warning("the storage does not answer (%s); again in %g s", _line(error), pause)
            time.sleep(pause)
    call()


@lru_cache(maxsize=4)
def _engine(url: str) -> Engine:
    return sqlalchemy.create_engine(url, pool_pre_ping=True)
