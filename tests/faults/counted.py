"""Run commands with their changes counted, and a fault before one of them.

    python tests/faults/counted.py < COMMANDS

Each line is a JSON object: the ``folder`` to run in, the ``script`` and its ``words``, its
``environment``, and the ``fault`` that comes before its ``points``-th changes. A line with the exit
code answers it. What the command printed lies beside the folder, in ``FOLDER.out``, and
its changes in ``FOLDER.steps.txt``.

A change is whatever the process does to a file below the folder, by its path (opening it to write,
renaming, removing, making a folder, locking), or to a database (a statement that writes, its
commit). The faults:

kill    SIGKILL
copied  none, but the folder is copied as it stands, to FOLDER.N: what SIGKILL would leave
torn    SIGKILL just after a file was opened to be written, so that it is there and empty
full    a full disk, from then on: files cannot be opened to write, nor statements or commits made
locked  once, the database is locked by another process

A command is a process forked from this one, which has imported its libraries: seconds are saved.
"""

import errno
import fcntl
import gc
import json
import os
import runpy
import shutil
import signal
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from forked import preload
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.orm import configure_mappers

import rcnn_sweep

LIBRARIES = (
    *("hydra", "mlflow", "optuna", "pandas", "sklearn.linear_model"),
    *("mlflow.store.tracking.sqlalchemy_store", "mlflow.store.db_migrations", "alembic.command"),
    *("rcnn_sweep.cli.program", "rcnn_sweep.tracking.client", "rcnn_sweep.application.report"),
    *("rcnn_sweep.training.reference", "rcnn_sweep.sweep.sweeper", "jinja2.defaults"),
    *("hydra_plugins.hydra_optuna_async_sweeper", "sklearn.feature_extraction.text"),
    *("sklearn.pipeline", "sklearn.multiclass"),
)
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link"})
READS = ("SELECT", "PRAGMA", "BEGIN", "ROLLBACK")
LIMIT = 120
"""Seconds that a command may take."""
FULL = "database or disk is full"
LOCKED = "database is locked"


class Changes:
    """The changes that this process makes below its working directory."""

    def __init__(self, fault: str, points: Sequence[int]) -> None:
        self.fault, self.points = fault, frozenset(points)
        self.here = Path.cwd()
        self.log = os.open(f"{self.here}.steps.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        self.count = 0
        self.is_full = False
        self.is_quiet = False

    def listen(self) -> None:
        """Count from now on."""
        sys.addaudithook(self.on_audit)
        event.listen(Engine, "do_execute", self.on_statement)
        event.listen(Engine, "do_executemany", self.on_statement)
        commit = DefaultDialect.do_commit

        def do_commit(dialect: DefaultDialect, connection: Any) -> None:
            if connection.dbapi_connection.in_transaction:
                self.on_database("COMMIT")
            commit(dialect, connection)

        DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]

    def step(self, what: str) -> bool:
        """Note a change that is about to be made; say whether the fault is due.

        The change that a kill is all about is not made.
        """
        self.count += 1
        os.write(self.log, f"{self.count} {what}\n".encode())
        is_due = self.count in self.points
        if is_due and self.fault == "kill":
            self.die()
        if is_due and self.fault == "copied":
            self.is_quiet = True
            shutil.copytree(self.here, f"{self.here}.{self.count}")
            self.is_quiet = False
        if is_due and self.fault == "full":
            self.is_full = True
        return is_due or self.is_full

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def on_audit(self, name: str, arguments: tuple[Any, ...]) -> None:
        if self.is_quiet:
            return
        if name == "open" and isinstance(arguments[2], int) and arguments[2] & WRITES:
            if self.is_here(arguments[0]):
                self.on_open(arguments[0], arguments[2])
        elif name in CHANGES and arguments[-1] == -1 and self.is_here(arguments[0]):
            if self.step(f"{name} {arguments[0]}") and name in ("os.mkdir", "os.link"):
                self.refuse(arguments[0])
        elif name == "fcntl.flock" and arguments[1] & (fcntl.LOCK_EX | fcntl.LOCK_UN):
            self.step(f"flock {arguments[1]}")

    def on_open(self, path: Any, flags: int) -> None:
        is_due = self.step(f"open {path}")
        if is_due and self.fault == "torn":
            self.is_quiet = True
            os.close(os.open(path, flags))
            self.die()
        is_new = not Path(path).exists()
        if is_due and (is_new or not os.fspath(path).endswith("lock")):
            self.refuse(path)

    def refuse(self, path: Any) -> None:
        if self.fault == "full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fspath(path))

    def is_here(self, path: Any) -> bool:
        return isinstance(path, str | os.PathLike) and self.here in (self.here / path).parents

    def on_statement(self, cursor: Any, statement: str, *_: Any) -> None:
        if not statement.lstrip().upper().startswith(READS):
            self.on_database(" ".join(statement.split()[:3]))

    def on_database(self, what: str) -> None:
        if not self.step(f"sql {what}"):
            return
        if self.fault == "full":
            raise sqlite3.OperationalError(FULL)
        if self.fault == "locked":
            raise sqlite3.OperationalError(LOCKED)


def main() -> None:
    """Answer each line."""
    preload(LIBRARIES)
    rcnn_sweep.compose("data=snippets")  # Hydra's plugins and parsers
    configure_mappers()
    gc.freeze()  # what is shared stays shared
    for line in sys.stdin:
        wanted = json.loads(line)
        child = os.fork()
        if not child:
            run(**wanted)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def run(
    folder: str,
    script: str,
    words: Sequence[str],
    environment: Mapping[str, str],
    fault: str,
    points: Sequence[int],
) -> NoReturn:
    """Be the command."""
    signal.alarm(LIMIT)
    os.chdir(folder)
    os.environ.update(environment)
    printed = os.open(f"{folder}.out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, place in ((nothing, 0), (printed, 1), (printed, 2)):
        os.dup2(descriptor, place)
    sys.argv[:] = [script, *words]
    sys.path.insert(0, str(Path(script).parent))
    Changes(fault, points).listen()
    runpy.run_path(script, run_name="__main__")
    sys.exit()


if __name__ == "__main__":
    main()
