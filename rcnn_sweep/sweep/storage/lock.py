"""The storage's one lock over processes: a file beside it, or a server's own kind of lock."""

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import sqlalchemy
from filelock import FileLock, Timeout
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from rcnn_sweep.sweep.storage.address import masked, sqlite_file
from rcnn_sweep.sweep.storage.mysql import mysql_options
from rcnn_sweep.sweep.storage.retry import StorageLost, until_it_answers

LOCK_WAIT = 600.0
"""Seconds to wait for another process's turn; a turn may open a tracking server's record."""

POLL = 0.005
"""Seconds between two attempts at a file's lock: a claim takes some 10 ms."""

ANSWER = 120.0
"""Seconds that a server may take to answer anything else, before it counts as lost."""

TURNS = 3
"""How often work is done under the lock, at most, where the lock is lost meanwhile."""

Result = TypeVar("Result")


class _Lock(NamedTuple):
    """How a server is asked for its lock and to let go of it; it answers 1 or true if it did."""

    acquire: str
    release: str


NAME = "rcnn_sweep"
_NUMBER = zlib.crc32(NAME.encode())
_NAME_IN_DATABASE = f"CONCAT('{NAME}.', MD5(LOWER(DATABASE())))"
"""PostgreSQL's locks are a database's, MySQL's the whole server's, by names of 64 characters."""

_LOCKS = {
    "postgresql": _Lock(
        f"SELECT pg_advisory_lock({_NUMBER}) IS NOT NULL", f"SELECT pg_advisory_unlock({_NUMBER})"
    ),
    "mysql": _Lock(
        f"SELECT GET_LOCK({_NAME_IN_DATABASE}, {LOCK_WAIT:.0f})",
        f"SELECT RELEASE_LOCK({_NAME_IN_DATABASE})",
    ),
}


class LockLost(StorageLost):
    """The lock was lost while it was held: another process may have been at work, too."""


def exclusively(url: str, work: Callable[[], Result]) -> Result:
    """Do ``work`` under the storage's lock; once more, and from its start, where that was lost.

    So it must find what it has done already. Raises what it raises, and :class:`LockLost` where
    the lock is lost :data:`TURNS` times.
    """
    for _ in range(TURNS - 1):
        with suppress(LockLost), exclusive(url):
            return work()
    with exclusive(url):
        return work()


@contextmanager
def exclusive(url: str) -> Iterator[None]:
    """Hold the storage's one lock over processes; a process that dies lets go of it.

    SQLite would hand one WAITING trial to two workers that ask at once: its transactions begin
    at the first write, after the read. Not reentrant. Raises :class:`LockLost` after the block
    where a server let go of the lock meanwhile: it restarted, or ended the connection.
    """
    file = sqlite_file(url)
    with _file_locked(file) if file is not None else _server_locked(url):
        yield


@contextmanager
def _file_locked(file: Path) -> Iterator[None]:
    lock = FileLock(f"{file}-lock", timeout=LOCK_WAIT, poll_interval=POLL)
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
    lock = _LOCKS[make_url(url).get_backend_name()]
    connection = until_it_answers(lambda: _locking(url, lock), masked(url))
    try:
        yield
    finally:
        was_held = _let_go(connection, lock)
    if not was_held:
        raise LockLost(
            f"the lock of {masked(url)} was lost while it was held: the server ended the "
            "connection, or a pooler shares it (docs/reliability.md)"
        )


def _locking(url: str, lock: _Lock) -> Connection:
    connection = engine(url).connect()
    try:
        answer = connection.execute(sqlalchemy.text(lock.acquire)).scalar()
        if answer != 1:
            raise StorageLost(
                f"the lock of {masked(url)} could not be had: the server answered {answer}"
                f"{f' after {LOCK_WAIT:.0f} s: another process held it' if answer == 0 else ''}"
            )
    except BaseException:
        connection.invalidate()  # a lock it may have got ends with it
        connection.close()
        raise
    return connection


def _let_go(connection: Connection, lock: _Lock) -> bool:
    """Release the lock; say whether it was held until now."""
    try:
        answer = connection.execute(sqlalchemy.text(lock.release)).scalar()
        return bool(answer == 1)
    except SQLAlchemyError:
        connection.invalidate()
        return False
    finally:
        connection.close()


@lru_cache(maxsize=4)
def engine(url: str) -> Engine:
    """Give a server's connections, outside transactions: in one they would be ended as idle."""
    options = server_options(url, more=LOCK_WAIT)
    return sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT", **options)


def server_options(url: str, *, more: float = 0.0) -> dict[str, Any]:
    """Give SQLAlchemy's options for connections to a server, whoever opens them.

    An answer may take :data:`ANSWER` seconds and ``more``, where the driver watches that.
    """
    if make_url(url).get_backend_name() == "mysql":
        return {"pool_pre_ping": True, **mysql_options(url, seconds=ANSWER + more)}
    return {"pool_pre_ping": True}
