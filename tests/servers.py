"""Servers that tests start for themselves, on loopback: one of each kind a test process."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy
from sqlalchemy.engine import make_url

PASSWORD = "correct-horse"

NUMBERS = count()


def binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    return found[-1].parent if found else None


def mariadbd() -> str | None:
    return shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")


needs_postgres = pytest.mark.skipif(
    binaries() is None or importlib.util.find_spec("psycopg") is None,
    reason="PostgreSQL or psycopg is not installed",
)
needs_mariadb = pytest.mark.skipif(
    mariadbd() is None or importlib.util.find_spec("pymysql") is None,
    reason="MariaDB or pymysql is not installed",
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int, path: str) -> bool:
    """Say whether a web server is up."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).close()
        return True
    except OSError:
        return False


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """End a server that leads a group of its own, and its workers, however busy they are."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Server(ABC):
    """A database server with its files in ``folder``; ``url`` is that of the last new database."""

    reaper: "subprocess.Popen[bytes] | None" = None

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.url = folder, free_port(), ""

    @abstractmethod
    def set_up(self) -> None:
        """Make the server's files."""

    @abstractmethod
    def start(self) -> None:
        """Start the server; returns once it answers."""

    @abstractmethod
    def stop(self) -> None:
        """End the server as a crash would."""

    @abstractmethod
    def admin(self) -> str:
        """Give the URL by which the server's administrator logs in."""

    def end_with_us(self, pid: int) -> None:
        """Have the server end, and its files go, when this process does, however it ends.

        The reaper waits for the end of a pipe that this process alone holds open.
        """
        words = ["sh", "-c", 'read _; kill -9 "$1"; rm -rf "$2"', "sh", str(pid), str(self.folder)]
        quiet = subprocess.DEVNULL
        self.reaper = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, start_new_session=True
        )

    def end_alone(self) -> None:
        """Take the reaper away: its server is ended by ours."""
        if self.reaper is not None and self.reaper.stdin is not None:
            self.reaper.kill()
            self.reaper.wait()
            self.reaper.stdin.close()

    def run(self, *statements: str) -> list[tuple[object, ...]]:
        """Run statements as the administrator; gives the rows of the last one."""
        engine = sqlalchemy.create_engine(
            self.admin(), isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool
        )
        with engine.connect() as connection:
            results = [connection.execute(sqlalchemy.text(statement)) for statement in statements]
            return [tuple(row) for row in results[-1]] if results[-1].returns_rows else []

    def new_database(self) -> str:
        name = f"studies_{next(NUMBERS)}"
        self.run(f"CREATE DATABASE {name}")
        self.url = make_url(self.admin()).set(**self.login(name)).render_as_string(False)
        return name

    def login(self, database: str) -> dict[str, str]:
        return {"username": "sweeper", "password": PASSWORD, "database": database}


class Postgres(Server):
    def set_up(self) -> None:
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        if os.geteuid() == 0:
            for path in (self.folder, secret):
                shutil.chown(path, "postgres")
        initdb = ["-U", "sweeper", "--auth=scram-sha-256", f"--pwfile={secret}"]
        self._tool("initdb", *initdb).check_returncode()

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        self._tool("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")
        self.end_with_us(int((self.folder / "data" / "postmaster.pid").read_text().split()[0]))

    def stop(self) -> None:
        self.end_alone()
        self._tool("pg_ctl", "-w", "-m", "immediate", "stop")

    def admin(self) -> str:
        return f"postgresql://sweeper:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    def _tool(self, name: str, *words: str) -> "subprocess.CompletedProcess[bytes]":
        """PostgreSQL refuses to run as root; Debian's package brings a user for it."""
        tools = binaries()
        assert tools is not None
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        command = [*user, str(tools / name), "-D", str(self.folder / "data"), *words]
        quiet = subprocess.DEVNULL  # no pipe: the server would keep it open
        return subprocess.run(command, check=False, stdout=quiet, stderr=quiet)


class MariaDB(Server):
    """A server with the defaults of its makers, but in a time zone of its own."""

    process: "subprocess.Popen[bytes] | None" = None

    def set_up(self) -> None:
        if os.geteuid() == 0:
            shutil.chown(self.folder, "mysql")
        words = ["--auth-root-authentication-method=normal", "--skip-test-db"]
        install = ["mariadb-install-db", *self._words(), *words]
        subprocess.run(install, check=True, capture_output=True)

    def start(self) -> None:
        words = [f"--port={self.port}", "--bind-address=127.0.0.1", "--default-time-zone=+09:00"]
        words += [f"--socket={self.folder / 'socket'}", f"--pid-file={self.folder / 'pid'}"]
        program = mariadbd()
        assert program is not None
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [program, *self._words(), *words], stdout=log, stderr=log, start_new_session=True
            )
        self.end_with_us(self.process.pid)
        self._wait()

    def stop(self) -> None:
        self.end_alone()
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)

    def admin(self) -> str:
        return f"mysql+pymysql://root@127.0.0.1:{self.port}/mysql"

    def new_database(self) -> str:
        name = super().new_database()
        user = f"sweeper@'%' IDENTIFIED BY '{PASSWORD}'"
        self.run(f"CREATE USER IF NOT EXISTS {user}", f"GRANT ALL ON {name}.* TO sweeper@'%'")
        return name

    def _words(self) -> list[str]:
        user = ["--user=mysql"] if os.geteuid() == 0 else []
        sizes = ["--innodb-log-file-size=8M", "--innodb-buffer-pool-size=32M"]
        return ["--no-defaults", f"--datadir={self.folder / 'data'}", *user, *sizes]

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                self.run("SELECT 1")
                return
            except sqlalchemy.exc.OperationalError:
                assert self.process is not None and self.process.poll() is None, "it ended"
                assert time.monotonic() < deadline, (self.folder / "log").read_text()
                time.sleep(0.1)


Kind = TypeVar("Kind", bound=Server)

_running: dict[type[Server], Server] = {}


def running(kind: type[Kind], config: pytest.Config) -> Kind:
    """Give the test process's server of a kind, with a new database; started at the first call."""
    if kind not in _running:
        folder = Path(tempfile.mkdtemp(prefix=f"rcnn-{kind.__name__.lower()}-"))
        server = _running[kind] = kind(folder)
        config.add_cleanup(_ender(server))
        server.set_up()
        server.start()
    found = _running[kind]
    assert isinstance(found, kind)
    found.new_database()
    return found


def _ender(server: Server) -> Callable[[], None]:
    def end() -> None:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)

    return end


@pytest.fixture
def postgres(request: pytest.FixtureRequest) -> Postgres:
    return running(Postgres, request.config)


@pytest.fixture
def mariadb(request: pytest.FixtureRequest) -> MariaDB:
    return running(MariaDB, request.config)
