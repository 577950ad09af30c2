"""Database servers as SQLAlchemy reaches them: their addresses, and which of their errors pass."""

import sqlite3
from collections.abc import Sequence

MYSQL_DRIVERS = ("pymysql", "MySQLdb", "mysql", "mariadb", "asyncmy", "aiomysql")
"""The packages whose errors bear MySQL's numbers."""

MYSQL_PASSING = frozenset(
    {
        *(1205, 1213),  # another's lock: waited for too long, deadlock
        *(1020, 1412, 3101),  # a transaction to be made again: snapshot, table, group's veto
        *(1040, 1203, 1226, 1637),  # too many connections, transactions
        *(1053, 1077, 1078, 1079, 1080, 1927, 4031),  # the server ended the connection, or itself
        *(1152, 1158, 1159, 1160, 1161, 1184),  # the network did
        *(1317, 1969, 3024),  # the statement was cut off
        *(1290, 1836, 1047),  # read-only during a failover; a cluster's node that is not ready
        *(0, 2002, 2003, 2005, 2006, 2013, 2014, 2045, 2055),  # the driver's: nobody there, gone
    }
)
"""MySQL's and MariaDB's numbers of errors that may pass.

Drivers raise nearly every error as OperationalError, a denied access and a wrong argument too, so
the class tells nothing. From the error references of MySQL 8 and MariaDB 10.11.
"""


def as_mysql(url: str) -> str:
    """Give the URL with ``mysql`` for ``mariadb``: Optuna and MLflow know that name alone.

    SQLAlchemy sees from the server which of the two it is.
    """
    kind, colon, place = url.partition(":")
    name, plus, driver = kind.partition("+")
    return f"mysql{plus}{driver}{colon}{place}" if name == "mariadb" and colon else url


def may_pass(error: BaseException | None) -> bool:
    """Say whether a database's error, as SQLAlchemy raised it, may pass.

    Another's lock does, and a lost connection, and a server that restarts. Where a connection is
    lost within a transaction that is used once more, SQLAlchemy's refusal of that is all that is
    seen; the next transaction has a new one.
    """
    from sqlalchemy import exc  # not at the top: most processes get by without

    if isinstance(error, exc.PendingRollbackError):
        return True
    if not isinstance(error, exc.DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return "locked" in str(error.orig)
    if error.connection_invalidated:
        return True
    if type(error.orig).__module__.partition(".")[0] in MYSQL_DRIVERS:
        return mysql_number(error.orig) in MYSQL_PASSING
    return isinstance(error, exc.OperationalError | exc.InterfaceError)


def mysql_number(error: BaseException | None) -> int | None:
    """Give the number that a MySQL driver's error bears, None where it has none."""
    arguments: Sequence[object] = getattr(error, "args", ())
    number = getattr(error, "errno", None) or next(iter(arguments), None)
    return number if isinstance(number, int) else None
