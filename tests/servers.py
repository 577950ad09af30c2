"""Servers that tests start for themselves, on loopback."""

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PASSWORD = "correct-horse"


def binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    return found[-1].parent if found else None


needs_postgres = pytest.mark.skipif(
    binaries() is None or importlib.util.find_spec("psycopg") is None,
    reason="PostgreSQL or psycopg is not installed",
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def as_server_user(*words: object) -> list[str]:
    """PostgreSQL refuses to run as root; Debian's package brings a user for it."""
    is_root = os.geteuid() == 0
    return [*(["runuser", "-u", "postgres", "--"] if is_root else []), *map(str, words)]


@dataclass(frozen=True)
class Postgres:
    """A server of its own; ``url`` is that of an empty database, password included."""

    url: str
    control: list[object]
    options: str

    def start(self) -> None:
        subprocess.run(as_server_user(*self.control, "-o", self.options, "start"), check=True)

    def stop(self) -> None:
        subprocess.run(as_server_user(*self.control, "-m", "immediate", "stop"), check=False)


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    folder, port = Path(tempfile.mkdtemp(prefix="rcnn-postgres-")), free_port()
    secret = folder / "password"
    secret.write_text(PASSWORD)
    if os.geteuid() == 0:
        for path in (folder, secret):
            shutil.chown(path, "postgres")
    tools = binaries()
    data = folder / "data"
    initdb = ["-D", data, "-U", "sweeper", "--auth=scram-sha-256", f"--pwfile={secret}"]
    subprocess.run(as_server_user(tools / "initdb", *initdb), check=True, capture_output=True)
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
    control = [tools / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
    server = Postgres(
        f"postgresql://sweeper:{PASSWORD}@127.0.0.1:{port}/postgres", control, options
    )
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
