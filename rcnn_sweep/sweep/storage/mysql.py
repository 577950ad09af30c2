"""MySQL and MariaDB as a storage of studies: what they do otherwise than other databases.

Optuna's tables have there, by the servers' defaults, names without regard to case, values of at
most 65,535 bytes and times to the second.
"""

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.engine import Engine, make_url

IDLE_SECONDS = 28800
"""How long a session may be idle at least: MySQL's own default, which a server may lower.

A session that the server ends takes the storage's lock with it.
"""

SESSION = (
    "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES'), "
    f"SESSION wait_timeout = GREATEST(@@wait_timeout, {IDLE_SECONDS})"
)
"""Without the strict mode a value that is too long is cut, and nobody told."""


WATCHFUL = ("pymysql", "mysqldb")
"""The drivers that end a wait for an answer; without that a dead network is waited for for ever."""


def mysql_options(url: str, *, seconds: float) -> dict[str, Any]:
    """Give SQLAlchemy's options for connections; the URL's own ``read_timeout`` goes first."""
    parsed = make_url(url)
    is_watched = parsed.get_driver_name() in WATCHFUL and "read_timeout" not in parsed.query
    return {
        "pool_events": [(begin_session, "connect")],
        "connect_args": {"read_timeout": int(seconds)} if is_watched else {},
    }


def begin_session(connection: Any, record: object) -> None:
    """Set a new connection of a driver up; a listener to SQLAlchemy's ``connect``."""
    cursor = connection.cursor()
    cursor.execute(SESSION)
    cursor.close()


class _Column(NamedTuple):
    """A column as information_schema describes it; ``collation`` is empty where it has none."""

    table: str
    name: str
    type: str
    collation: str


class _Wanted(NamedTuple):
    """How a column is to be: what to make of it where ``is_so`` is false."""

    is_so: Callable[[_Column], bool]
    definition: str


def _name(null: str) -> _Wanted:
    return _Wanted(
        lambda column: column.collation == "utf8mb4_bin",
        f"VARCHAR(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin {null}",
    )


_TEXT = _Wanted(lambda column: column.type in ("mediumtext", "longtext"), "MEDIUMTEXT")
_TIME = _Wanted(lambda column: column.type == "datetime(6)", "DATETIME(6)")

WANTED = {
    "study_name": _name("NOT NULL"),
    "key": _name("NULL"),
    "param_name": _name("NULL"),
    "value_json": _TEXT,
    "distribution_json": _TEXT,
    "datetime_start": _TIME,
    "datetime_complete": _TIME,
}
"""Optuna's columns, by the names that they have in all of its tables."""

TABLES = (
    *("studies", "study_user_attributes", "study_system_attributes", "trials", "trial_params"),
    *("trial_user_attributes", "trial_system_attributes"),
)

_COLUMNS = (
    "SELECT table_name, column_name, column_type, collation_name FROM information_schema.columns "
    "WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position"
)


def widen_tables(engine: Engine) -> None:
    """Have names in Optuna's tables be exact, values hold 16 MB and times microseconds.

    The tables are changed once, by whoever holds the storage's lock; Optuna minds neither.
    """
    with engine.connect() as connection:
        rows = connection.execute(text(_COLUMNS))
        columns = [_Column(*(str(value or "").lower() for value in row)) for row in rows]
        for statement in _changes(columns):
            connection.execute(text(statement))


def _changes(columns: list[_Column]) -> Iterator[str]:
    narrow = [
        column
        for column in columns
        if column.table in TABLES
        and column.name in WANTED
        and not WANTED[column.name].is_so(column)
    ]
    for table, several in groupby(narrow, key=lambda column: column.table):
        parts = (f"MODIFY `{c.name}` {WANTED[c.name].definition}" for c in several)
        yield f"ALTER TABLE `{table}` {', '.join(parts)}"
