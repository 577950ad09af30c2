"""Where records, studies and data go: can they be written, are they whole, is there room."""

import os
import shutil
import socket
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from rcnn_sweep.doctor.finding import Finding, Findings, note, ok, problem
from rcnn_sweep.process import as_mysql, without_password

SQLITE = "sqlite:///"
CHECK_SECONDS = 0.8
CONNECT_SECONDS = 0.8
PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306, "mariadb": 3306}
LITTLE, SCARCE = 100_000_000, 2_000_000_000
"""Bytes: a run does not fit; a sweep of some hundred trials may not."""

NETWORK = {
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "lustre", "gpfs", "beegfs"),
    *("glusterfs", "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.gcsfuse", "9p", "virtiofs"),
}


def tracking_database() -> Path | None:
    """Give the file of MLflow's store, None where the store is a server."""
    uri = os.environ.get("MLFLOW_TRACKING_URI") or f"{SQLITE}mlflow.db"
    return Path(uri.removeprefix(SQLITE)).absolute() if uri.startswith(SQLITE) else None


def cache() -> Path:
    """Give the data cache's folder as :mod:`rcnn_sweep.data` finds it."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    own = os.environ.get("RCNN_SWEEP_CACHE")
    return Path(own or f"{base}/rcnn_sweep").expanduser().absolute()


def tracking() -> Findings:
    """Look at MLflow's store."""
    uri = os.environ.get("MLFLOW_TRACKING_URI")
    if uri:
        yield ok(f"MLFLOW_TRACKING_URI is set: records go to {without_password(uri)}")
    file = tracking_database()
    if file is not None:
        yield database(file, "experiments")
    elif uri and kind_of(uri) in PORTS:
        yield server(uri)
        yield from driver(uri)


def studies() -> Findings:
    """Look at the default storage of studies."""
    yield database(Path("studies.db").absolute(), "studies")


def database(file: Path, table: str) -> Finding:
    """Say whether ``file`` is a whole, writable SQLite database that holds ``table``."""
    if not file.exists():
        return writable(file.parent, f"no {file.name} yet; it")
    if not os.access(file, os.W_OK):
        return problem(f"{file} is read-only", f"chmod u+w {file}, or work in another folder.")
    aside = f"Restore {file.name} from a copy, or move it away to start a new one."
    try:
        state, tables = _looked_into(file)
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            return ok(f"{file} (too large to be checked in {CHECK_SECONDS} s)")
        advice = "Another process is writing, or was killed while it wrote: look again."
        return note(f"{file}: {error}", advice)
    except sqlite3.DatabaseError as error:
        return problem(f"{file}: {error}", aside)
    if state != "ok":
        return problem(f"{file} is damaged: {state.splitlines()[0]}", aside)
    if tables and table not in tables:
        return problem(f"{file} has no table {table}", "It is another program's: move it away.")
    return ok(f"{file} is whole ({file.stat().st_size / 1e6:.1f} MB)")


def _looked_into(file: Path) -> tuple[str, set[str]]:
    deadline = time.monotonic() + CHECK_SECONDS
    address = f"{file.as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=CHECK_SECONDS)) as connection:
        connection.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        state = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    return state, {str(name) for (name,) in rows}


def server(uri: str) -> Finding:
    """Say whether something listens at the server's address."""
    parts = urlsplit(uri)
    host, port = parts.hostname or "localhost", parts.port or PORTS[kind_of(uri)]
    try:
        socket.create_connection((host, port), CONNECT_SECONDS).close()
    except OSError as error:
        advice = "Start the server, or unset MLFLOW_TRACKING_URI."
        return problem(f"{host}:{port} does not answer: {error}", advice)
    return ok(f"{host}:{port} answers")


def kind_of(uri: str) -> str:
    """Give the kind of server in an address: its scheme, without a driver."""
    return urlsplit(uri).scheme.partition("+")[0]


def driver(uri: str) -> Findings:
    """Say whether the driver of a database server is missing."""
    if kind_of(uri) in ("http", "https"):
        return
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError

    try:
        create_engine(as_mysql(uri)).dispose()
    except (ImportError, SQLAlchemyError) as error:
        advice = "Install the extra mysql (mysql+pymysql://...) or postgres (postgresql://...)."
        yield problem(f"no driver for {kind_of(uri)}: {error}", advice)


def folders() -> Findings:
    """Look at the working directory, MLflow's artifacts and the data cache."""
    for folder in (Path.cwd(), Path("mlruns").absolute(), cache()):
        yield writable(folder, str(folder))


def writable(folder: Path, shown: str) -> Finding:
    """Say whether ``folder``, or the one it would be made in, can be written."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not existing.is_dir():
        return problem(f"{existing} is in the way: it is no folder", "Move it away.")
    if not os.access(existing, os.W_OK | os.X_OK):
        advice = "Change its permissions, work elsewhere, or (cache) set RCNN_SWEEP_CACHE."
        return problem(f"{existing} cannot be written", advice)
    return ok(f"{shown} can be {'written' if existing == folder else 'made'}")


def disk() -> Findings:
    """Look at the free space where something is written."""
    seen: set[int] = set()
    for folder in (Path.cwd(), cache(), Path(tempfile.gettempdir())):
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        device = existing.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        free = shutil.disk_usage(existing).free
        thing = f"{free / 1e9:.1f} GB free at {existing}"
        if free < LITTLE:
            yield problem(thing, "Free some: a run with its model takes about 10 MB, IMDB 60 MB.")
        elif free < SCARCE:
            yield note(thing, "A long sweep may fill it: free some, or tracking.log_model=false.")
        else:
            yield ok(thing)


def file_systems() -> Findings:
    """Look for databases on network file systems, whose locks SQLite cannot rely on."""
    import psutil

    mounts = {part.mountpoint: part.fstype for part in psutil.disk_partitions(all=True)}
    files = [tracking_database(), Path("studies.db").absolute()]
    for file in filter(None, files):
        mount = next(path for path in file.parents if str(path) in mounts or path == path.parent)
        kind = mounts.get(str(mount), "")
        if kind in NETWORK:
            yield note(
                f"{file} is on a network file system ({kind}), where SQLite's locks may fail",
                "Work on a local disk, or keep studies in PostgreSQL or MariaDB (hydra.sweeper."
                "storage=...) and records on an MLflow server (MLFLOW_TRACKING_URI).",
            )
