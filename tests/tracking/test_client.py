import errno
import http.server
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from mlflow.exceptions import MlflowException
from servers import free_port
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError, ProgrammingError

from rcnn_sweep.errors import UserError
from rcnn_sweep.tracking import RunReader, Store, tracking_uri
from rcnn_sweep.tracking import client as module
from rcnn_sweep.tracking.client import RetryingClient, is_passing


def test_a_locked_store_is_waited_for_and_other_errors_are_not() -> None:
    calls: list[float] = []

    class Busy:
        def write(self) -> str:
            calls.append(time.monotonic())
            if len(calls) < 3:
                raise MlflowException("(sqlite3.OperationalError) database is locked")
            return "written"

        def read(self) -> None:
            raise MlflowException("no such run")

    client = RetryingClient(Busy(), "a store")
    assert client.write() == "written"
    assert len(calls) == 3
    with pytest.raises(MlflowException, match="no such run"):
        client.read()


def test_time_runs_out_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    class Locked:
        def write(self) -> None:
            raise MlflowException("database is locked")

    monkeypatch.setattr(module, "WAIT_SECONDS", 0.1)
    with pytest.raises(MlflowException, match="locked"):
        RetryingClient(Locked(), "a store").write()


def test_a_full_disk_is_an_error_of_the_databases_file(tmp_path: Path) -> None:
    class Full:
        def write(self) -> None:
            raise MlflowException(
                "(sqlite3.OperationalError) database or disk is full\n(Background)"
            )

    with pytest.raises(OSError, match="No space left on device") as told:
        RetryingClient(Full(), f"sqlite:///{tmp_path}/mlflow.db").write()
    assert (told.value.errno, told.value.filename) == (errno.ENOSPC, f"{tmp_path}/mlflow.db")


def test_a_database_locked_by_another_connection_loses_nothing(workplace: Path) -> None:
    store = Store(tracking_uri(None), "locked")
    writer = store.start("run", name="patient", tags={})
    other = sqlite3.connect(workplace / "mlflow.db", check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    threading.Timer(2, other.rollback).start()
    writer.metrics({"val_accuracy": 0.5}, step=1)
    other.close()
    assert store.client.get_run(writer.run_id).data.metrics["val_accuracy"] == 0.5


@pytest.mark.slow
def test_many_processes_can_record_one_dataset_at_once(workplace: Path) -> None:
    code = (
        "from rcnn_sweep.tracking import Store, tracking_uri\n"
        "writer = Store(tracking_uri(None), 'same').start('trial', name='t', tags={})\n"
        "writer.dataset(name='d', source='/d', sha256='ab' * 32, context='train', profile={})\n"
    )
    several = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]
    assert [process.wait() for process in several] == [0] * 4


@pytest.fixture
def impatient_sqlite() -> Iterator[None]:
    """SQLite's own wait of 5 s, in a store that is opened, is short here."""

    def shorten(dialect: object, record: object, words: object, options: dict[str, Any]) -> None:
        options["timeout"] = 0.05

    event.listen(Engine, "do_connect", shorten)
    yield
    event.remove(Engine, "do_connect", shorten)


@pytest.mark.parametrize("since", ["before it is opened", "while it is opened"])
def test_a_store_that_is_locked_when_a_trial_opens_it_is_waited_for(
    workplace: Path,
    since: str,
    impatient_sqlite: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = sqlite3.connect("mlflow.db", check_same_thread=False, isolation_level=None)

    def waits() -> list[str]:
        told = [record.getMessage() for record in caplog.records]
        return [line for line in told if "does not answer" in line]

    def release() -> None:  # however slow the machine is, it has been waited for by then
        until = time.monotonic() + 60
        while not waits() and time.monotonic() < until:
            time.sleep(0.05)
        other.rollback()

    def lock(path: Path | None = None) -> None:
        other.execute("BEGIN EXCLUSIVE")
        threading.Thread(target=release).start()

    if since == "before it is opened":
        lock()
    else:
        monkeypatch.setattr(module, "ensure_store", lock)
    store = Store(tracking_uri(None), "locked")
    other.close()
    assert store.start("trial", name="patient", tags={}).run_id
    assert len(waits()) == 1, caplog.text


def test_a_store_that_stays_locked_is_named_in_one_line(
    workplace: Path, impatient_sqlite: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.1)
    monkeypatch.setattr(module, "ensure_store", lambda path: None)
    with closing(sqlite3.connect("mlflow.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(UserError, match=r"mlflow\.db said: .*database is locked") as told:
            Store(tracking_uri(None), "locked")
    assert len(str(told.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (OperationalError("", {}, Exception("server closed the connection unexpectedly")), True),
        (OperationalError("", {}, sqlite3.OperationalError("database is locked")), True),
        (OperationalError("", {}, sqlite3.OperationalError("no such table: runs")), False),
        (ProgrammingError("", {}, Exception("relation runs does not exist")), False),
    ],
)
def test_a_database_that_restarts_is_waited_for(error: Exception, passes: bool) -> None:
    assert is_passing(error) is passes, "as it comes while the store is opened"
    wrapped = MlflowException(str(error))
    wrapped.__cause__ = error
    assert is_passing(wrapped) is passes, "as it comes from an open one"


class Answers(http.server.BaseHTTPRequestHandler):
    """A tracking server that knows every run."""

    def do_GET(self) -> None:
        info = {"run_id": "r", "run_name": "known", "status": "RUNNING", "start_time": 1}
        content = json.dumps({"run": {"info": info}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


def test_a_server_that_restarts_is_waited_for_by_those_who_know_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    port = free_port()
    uri = f"http://127.0.0.1:{port}"
    with pytest.raises(UserError, match="cannot be reached"):
        RunReader(uri)
    reader = RunReader(uri, is_known=True)
    servers: list[http.server.HTTPServer] = []

    def start() -> None:
        servers.append(http.server.HTTPServer(("127.0.0.1", port), Answers))
        servers[0].handle_request()

    timer = threading.Timer(1, start)
    timer.start()
    assert reader.run("r").name == "known"
    timer.join()
    servers[0].server_close()


@pytest.mark.parametrize(("chosen", "is_off"), [(None, True), ("false", False)])
def test_mlflow_sends_nothing_unless_it_is_told_to(chosen: str | None, is_off: bool) -> None:
    code = (
        "import rcnn_sweep.tracking.client\n"
        "from mlflow.telemetry.utils import is_telemetry_disabled\n"
        "print(is_telemetry_disabled())"
    )
    said = ("MLFLOW_DISABLE_TELEMETRY", "CI", "PYTEST_CURRENT_TEST", "GITHUB_ACTIONS")
    settings = {name: value for name, value in os.environ.items() if name not in said}
    if chosen is not None:
        settings["MLFLOW_DISABLE_TELEMETRY"] = chosen
    done = subprocess.run(
        [sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{is_off}\n"
