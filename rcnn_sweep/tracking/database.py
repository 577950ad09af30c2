"""The SQLite database of a store: read before MLflow is imported, and made whole by MLflow."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from filelock import FileLock

from rcnn_sweep.errors import UserError
from rcnn_sweep.names import Tag
from rcnn_sweep.process import Schema, ensure_database, module_command, read_database, tables_in

SQLITE = "sqlite:///"

WAIT_SECONDS = 120.0
"""How long a store that another process has locked, or that restarts, is waited for."""

SEEDS = {"alembic_version": 1, "experiments": 1, "workspaces": 1}
"""The rows of a new store, by table: its revision, the experiment and the workspace Default."""

RUNNING = (
    "SELECT runs.run_uuid, runs.name, tags.value FROM runs JOIN experiments USING (experiment_id) "
    f"JOIN tags ON tags.run_uuid = runs.run_uuid AND tags.key = '{Tag.PROCESS}' "
    "WHERE runs.status = 'RUNNING' AND runs.lifecycle_stage = 'active' "
    "AND experiments.lifecycle_stage = 'active' ORDER BY runs.start_time"
)
"""Asks for id, name and process of the runs that say RUNNING: no import of MLflow, seconds long."""


def running_runs(path: Path) -> list[tuple[str, str, str]]:
    """Give what :data:`RUNNING` asks for; raises :class:`UserError` as :func:`tables_of` does."""
    with _mistakes_named(path):
        return read_database(path, lambda d: d.execute(RUNNING).fetchall(), seconds=WAIT_SECONDS)


def tables_of(path: Path) -> set[str]:
    """Name the tables of an SQLite file; raises :class:`UserError` where it cannot be read."""
    with _mistakes_named(path):
        return read_database(path, tables_in, seconds=WAIT_SECONDS)


def ensure_store(path: Path) -> None:
    """Have ``path`` be a database with MLflow's tables, made now where there is none.

    Raises :class:`UserError`, and leaves it as it is, where it holds something in other tables
    than those of the MLflow installed, as after an upgrade, or cannot be read.
    """
    upgrade = module_command("mlflow", "db", "upgrade", f"{SQLITE}{path}")
    schema = Schema(
        make=_make,
        is_whole=_is_whole,
        seeds=SEEDS,
        expected="tracking.uri: expected a database with the tables of the MLflow installed",
        advice=f"copy it and run: {upgrade}, or name another file",
    )
    with _mistakes_named(path):
        ensure_database(path, schema, lock=FileLock(f"{path}.lock"), seconds=WAIT_SECONDS)


@contextmanager
def _mistakes_named(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if "locked" in str(error):
            raise UserError(
                f"tracking.uri: expected an MLflow database that answers within "
                f"{WAIT_SECONDS:g} s; received {path}, which another process keeps locked."
            ) from error
        raise UserError(
            f"tracking.uri: expected an MLflow database; received {path}, which cannot be read "
            f"({error}).\n"
            "It is left as it is: restore it from a copy, or move it away to start a new one."
        ) from error


def _make(path: Path) -> None:
    from mlflow.store.tracking import DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    SqlAlchemyStore(f"{SQLITE}{path}", DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH).engine.dispose()


def _is_whole(database: sqlite3.Connection) -> bool:
    if "alembic_version" not in tables_in(database):
        return False
    return set(database.execute("SELECT version_num FROM alembic_version")) == _heads()


@cache
def _heads() -> set[tuple[str]]:
    """Give the last revision of MLflow's tables as rows of its table of revisions."""
    from alembic.script import ScriptDirectory
    from mlflow.store import db_migrations

    folder = Path(db_migrations.__file__).parent
    return {(head,) for head in ScriptDirectory(str(folder)).get_heads()}
