"""Run a script with its changes counted, and be killed before one: ``counted.py N SCRIPT WORDS``.

A change is whatever the process does to a file below the working directory (opening it to write,
renaming, removing, making a folder, locking) or to a database (a statement that writes, its
commit).
Before the ``N``-th the process kills itself; with 0 it never does. A file beside the working
directory, named after it, gets a line for each.
"""

import fcntl
import os
import runpy
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

KILLED_AT = int(sys.argv[1])
HERE = Path.cwd()
LOG = os.open(f"{HERE}.steps.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate"})
READS = ("SELECT", "PRAGMA")

count = 0


def step(what: str) -> None:
    """Note a change that is about to be made; the one that it is all about is not made."""
    global count
    count += 1
    os.write(LOG, f"{count} {what}\n".encode())
    if count == KILLED_AT:
        os.kill(os.getpid(), signal.SIGKILL)


def on_audit(name: str, arguments: tuple[Any, ...]) -> None:
    if name == "open" and isinstance(arguments[2], int) and arguments[2] & WRITES:
        if is_here(arguments[0]):
            step(f"open {arguments[0]}")
    elif name in CHANGES and is_here(arguments[0]):
        step(f"{name} {arguments[0]}")
    elif name == "fcntl.flock" and arguments[1] & (fcntl.LOCK_EX | fcntl.LOCK_UN):
        step(f"flock {arguments[1]}")


def is_here(path: Any) -> bool:
    return isinstance(path, str | os.PathLike) and HERE in (HERE / path).parents


@event.listens_for(Engine, "before_cursor_execute")
def on_statement(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
    if not statement.lstrip().upper().startswith(READS):
        connection.info["wrote"] = True
        step(" ".join(statement.split()[:3]))


@event.listens_for(Engine, "commit")
def on_commit(connection: Any) -> None:
    if connection.info.pop("wrote", False):
        step("COMMIT")


sys.argv[:] = sys.argv[2:]
sys.path.insert(0, str(Path(sys.argv[0]).parent))
sys.addaudithook(on_audit)
runpy.run_path(sys.argv[0], run_name="__main__")
