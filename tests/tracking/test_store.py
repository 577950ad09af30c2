import os
import subprocess
import sys
from pathlib import Path

import pytest

from rcnn_sweep.errors import UserError
from rcnn_sweep.names import Tag
from rcnn_sweep.process.passwords import without_password
from rcnn_sweep.tracking import Store, check_store, left_running, tracking_uri


def test_the_default_store_is_mlflows_own_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert tracking_uri(None) == f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    assert tracking_uri(None) == "http://127.0.0.1:1"
    assert tracking_uri("sqlite:///other.db") == f"sqlite:///{tmp_path}/other.db"


def test_a_password_is_never_shown() -> None:
    shown = without_password("postgresql://me:se%2Fcret@host:5432/runs")
    assert shown == "postgresql://me:***@host:5432/runs"


def test_a_corrupt_database_is_named_and_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mlflow.db").write_bytes(b"no database at all, certainly not" * 100)
    with pytest.raises(UserError, match=r"mlflow\.db, which cannot be read"):
        check_store(tracking_uri(None))
    assert Path("mlflow.db").read_bytes().startswith(b"no database")


def test_a_missing_folder_and_a_file_in_place_of_mlruns_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="existing folder"):
        check_store(tracking_uri("sqlite:///nowhere/mlflow.db"))
    Path("mlruns").write_text("")
    with pytest.raises(UserError, match="mlruns"):
        check_store(tracking_uri(None))


@pytest.mark.slow
def test_two_processes_can_create_one_store_at_once(tmp_path: Path) -> None:
    code = "from rcnn_sweep.tracking import Store, tracking_uri; Store(tracking_uri(None), 'e')"
    environment = {k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"}
    both = [
        subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=environment)
        for _ in range(2)
    ]
    assert [process.wait() for process in both] == [0, 0]


def test_a_deleted_experiment_is_refused_with_the_way_back(workplace: Path) -> None:
    store = Store(tracking_uri(None), "gone")
    store.client.delete_experiment(store.experiment_id)
    with pytest.raises(UserError, match="mlflow experiments restore"):
        Store(tracking_uri(None), "gone")


def test_the_run_of_a_dead_process_is_reaped_and_a_living_one_is_not(workplace: Path) -> None:
    code = (
        "import os; from rcnn_sweep.tracking import Store, tracking_uri;"
        "writer = Store(tracking_uri(None), 'e').start('run', name='dead', tags={});"
        "print(writer.run_id, flush=True);"
        "os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    run_id = killed.stdout.strip()
    store = Store(tracking_uri(None), "e")
    alive = store.start("run", name="alive", tags={})
    assert store.client.get_run(run_id).info.status == "RUNNING"
    deleted = store.start("run", name="deleted", tags={"rcnn_sweep.process": "gone:1:1.0"})
    store.client.delete_run(deleted.run_id)
    assert left_running() == {run_id: "dead"}
    assert store.reap() == [run_id]
    assert left_running() == {}
    reaped = store.client.get_run(run_id)
    assert reaped.info.status == "KILLED"
    assert reaped.data.tags["rcnn_sweep.state"] == "interrupted"
    assert "died" in reaped.data.tags["rcnn_sweep.reason"]
    assert store.client.get_run(alive.run_id).info.status == "RUNNING"


def test_a_resumed_run_is_running_again_without_the_tags_of_its_end(workplace: Path) -> None:
    store = Store(tracking_uri(None), "resumed")
    writer = store.start("study", name="s", tags={})
    writer.interrupted("Ctrl-C")
    store.resume(writer.run_id)
    run = store.client.get_run(writer.run_id)
    assert run.info.status == "RUNNING"
    assert "rcnn_sweep.reason" not in run.data.tags
    writer.complete()
    assert store.client.get_run(writer.run_id).data.tags["rcnn_sweep.state"] == "complete"


def test_the_latest_complete_runs_alike_tell_how_long_another_will_take(workplace: Path) -> None:
    store = Store(tracking_uri(None), "pace")
    alike = {"training.epochs": 4, "data.train_limit": None}
    ran = [("aa", 4, 10.0), ("aa", 4, 30.0), ("aa", 4, 20.0), ("aa", 2, 1.0), ("bb", 4, 2.0)]
    for number, (data, epochs, seconds) in enumerate(ran):
        writer = store.start("trial", name=str(number), tags={Tag.DATA_SHA256: data})
        writer.params({**alike, "training.epochs": epochs})
        writer.metrics({"total_seconds": seconds})
        writer.complete()
    store.start("trial", name="running", tags={Tag.DATA_SHA256: "cc"}).params(alike)
    assert store.seconds_of("aa", alike) == 20.0
    assert store.seconds_of("cc", alike) is None
