import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException

from rcnn_sweep.tracking import Store, tracking_uri
from rcnn_sweep.tracking import client as module
from rcnn_sweep.tracking.client import RetryingClient


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

    client = RetryingClient(Busy())
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
        RetryingClient(Locked()).write()


def test_a_database_locked_by_another_connection_loses_nothing(workplace: Path) -> None:
    store = Store(tracking_uri(None), "locked")
    writer = store.start("run", name="patient", tags={})
    other = sqlite3.connect(workplace / "mlflow.db", check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    threading.Timer(2, other.rollback).start()
    writer.metrics({"val_accuracy": 0.5}, step=1)
    other.close()
    assert store.client.get_run(writer.run_id).data.metrics["val_accuracy"] == 0.5


def test_many_processes_can_record_one_dataset_at_once(workplace: Path) -> None:
    code = (
        "from rcnn_sweep.tracking import Store, tracking_uri\n"
        "writer = Store(tracking_uri(None), 'same').start('trial', name='t', tags={})\n"
        "writer.dataset(name='d', source='/d', sha256='ab' * 32, context='train', profile={})\n"
    )
    several = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]
    assert [process.wait() for process in several] == [0] * 4
