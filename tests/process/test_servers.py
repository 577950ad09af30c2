"""Which errors of a database server are waited out."""

import sqlite3

import pytest
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError

from rcnn_sweep.process import as_mysql, may_pass

pymysql = pytest.importorskip("pymysql")


def raised(*arguments: object, kind: str = "OperationalError") -> OperationalError:
    """Give an error as SQLAlchemy raises PyMySQL's, which knows hardly a class but this one."""
    return OperationalError("SELECT 1", {}, getattr(pymysql.err, kind)(*arguments))


PASSING = [
    (1205, "Lock wait timeout exceeded; try restarting transaction"),
    (1213, "Deadlock found when trying to get lock; try restarting transaction"),
    (1020, "Record has changed since last read in table 'trials'"),
    (1040, "Too many connections"),
    (1053, "Server shutdown in progress"),
    (1927, "Connection was killed"),
    (2003, "Can't connect to MySQL server on 'host' ([Errno 111] Connection refused)"),
    (2006, "MySQL server has gone away"),
    (2013, "Lost connection to MySQL server during query"),
    (4031, "The client was disconnected by the server because of inactivity"),
]
STAYING = [
    (1044, "Access denied for user 'me'@'%' to database 'studies'"),
    (1045, "Access denied for user 'me'@'host' (using password: YES)"),
    (1049, "Unknown database 'studies'"),
    (1054, "Unknown column 'x' in 'SELECT'"),
    (1142, "INSERT command denied to user 'me'@'host' for table 'trials'"),
    (1153, "Got a packet bigger than 'max_allowed_packet' bytes"),
    (4079, "Illegal parameter data type bigint for operation 'get_lock'"),
]


@pytest.mark.parametrize("arguments", PASSING)
def test_what_passes_is_told_by_its_number(arguments: tuple[int, str]) -> None:
    assert may_pass(raised(*arguments))


@pytest.mark.parametrize("arguments", STAYING)
def test_what_stays_is_not_waited_for_though_its_class_is_the_same(
    arguments: tuple[int, str],
) -> None:
    assert not may_pass(raised(*arguments))


def test_a_closed_connection_passes_and_a_doubled_row_does_not() -> None:
    assert may_pass(InterfaceError("SELECT 1", {}, pymysql.err.InterfaceError(0, "")))
    doubled = pymysql.err.IntegrityError(1062, "Duplicate entry 's' for key 'study_name'")
    assert not may_pass(IntegrityError("INSERT", {}, doubled))
    lost = raised(1054, "whatever")
    lost.connection_invalidated = True
    assert may_pass(lost)


def test_other_databases_are_judged_as_ever() -> None:
    assert may_pass(OperationalError("", {}, sqlite3.OperationalError("database is locked")))
    assert not may_pass(OperationalError("", {}, sqlite3.OperationalError("no such table: t")))
    assert may_pass(OperationalError("", {}, Exception("the database system is starting up")))
    assert not may_pass(ValueError("no database's"))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("mariadb+pymysql://me@host/db", "mysql+pymysql://me@host/db"),
        ("mariadb://host/mariadb", "mysql://host/mariadb"),
        ("mysql+mysqldb://host/db", "mysql+mysqldb://host/db"),
        ("sqlite:///mariadb.db", "sqlite:///mariadb.db"),
        ("mariadb", "mariadb"),
    ],
)
def test_mariadb_is_spoken_to_as_mysql_is(given: str, expected: str) -> None:
    assert as_mysql(given) == expected
