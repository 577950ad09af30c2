import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException

from rcnn_sweep.tracking import Store, tracking_uri
from rcnn_sweep.tracking.patience import patiently


def test_a_locked_store_is_waited_for_and_other_errors_are_not() -> None:
    calls: list[float] = []

    def write() -> str:
        calls.append(time.monotonic())
        if len(calls) < 3:
            raise MlflowException("(sqlite3.OperationalError) database is locked")
        return "written"

    assert patiently(write) == "written"
    assert len(calls) == 3
    with pytest.raises(MlflowException, match="no such run"):
        patiently(lambda: (_ for _ in ()).throw(MlflowException("no such run")))


def test_time_runs_out_in_the_end() -> None:
    def locked() -> None:
        raise MlflowException("database is locked")

    with pytest.raises(MlflowException, match="locked"):
        patiently(locked, seconds=0.1)


def test_a_database_locked_by_another_connection_loses_nothing(workplace: Path) -> None:
    store = Store(tracking_uri(None), "locked")
    record = store.start("run", name="patient", tags={})
    other = sqlite3.connect(workplace / "mlflow.db", check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    threading.Timer(2, other.rollback).start()
    record.metrics({"val_accuracy": 0.5}, step=1)
    other.close()
    assert store.client.get_run(record.run_id).data.metrics["val_accuracy"] == 0.5


def test_many_processes_can_record_one_dataset_at_once(workplace: Path) -> None:
    code = (
        "from rcnn_sweep.tracking import Store, tracking_uri\n"
        "record = Store(tracking_uri(None), 'same').start('trial', name='t', tags={})\n"
        "record.dataset(name='d', source='/d', sha256='ab' * 32, context='train', profile={})\n"
    )
    several = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]
    assert [process.wait() for process in several] == [0] * 4
