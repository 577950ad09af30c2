"""A sweep as a team runs it: PostgreSQL, an MLflow server and Ray workers, all on loopback."""

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from servers import PASSWORD, Postgres, answers, end_group, free_port, needs_postgres, postgres
from small import HANGS, command_line, table_rows, write_table

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="ray is not installed"
)
pytestmark = [needs_postgres, needs_ray]
__all__ = ["postgres"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of an MLflow tracking server that keeps the artifacts itself."""
    port, home = free_port(), tmp_path / "server"
    home.mkdir()
    words = ["mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *words], cwd=home, stdout=log, stderr=log, start_new_session=True
        )
    try:
        deadline = time.monotonic() + HANGS
        while not answers(port, "/health"):
            assert time.monotonic() < deadline, (home / "log").read_text()
            time.sleep(0.5)
        yield f"127.0.0.1:{port}"
    finally:
        end_group(process)


@pytest.mark.slow
def test_two_ray_workers_share_a_study_in_postgresql_and_record_on_a_server(
    tmp_path: Path, postgres: Postgres, server: str
) -> None:
    import mlflow

    work = tmp_path / "work"
    work.mkdir()
    write_table(work / "reviews.csv", table_rows(200))
    words = [
        *("-m", "data=table", "data.path=reviews.csv", "data.maxlen=12", "conv.filters=4"),
        *("embedding.output_dim=4", "lstm.units=4", "training.epochs=2", "conv.kernel_size=3"),
        *("hydra/launcher=ray", "hydra.sweeper.workers=2", "hydra.sweeper.n_trials=4"),
        *("hydra.sweeper.study_name=team", f"hydra.sweeper.storage={postgres.url}"),
    ]
    done = subprocess.run(
        command_line(*words),
        cwd=work,
        env={**os.environ, "MLFLOW_TRACKING_URI": f"http://me:{PASSWORD}@{server}"},
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stdout + done.stderr

    study = optuna.load_study(study_name="team", storage=postgres.url)
    assert [trial.number for trial in study.trials] == [0, 1, 2, 3]
    assert {trial.state.name for trial in study.trials} <= {"COMPLETE", "PRUNED"}
    assert len({trial.user_attrs["worker"] for trial in study.trials}) == 2

    client = mlflow.MlflowClient(f"http://{server}")
    experiment = client.get_experiment_by_name("rcnn_sweep")
    runs = {run.info.run_id: run for run in client.search_runs([experiment.experiment_id])}
    assert len(runs) == 5
    children = [runs[trial.user_attrs["mlflow_run_id"]] for trial in study.trials]
    [parent] = {run.data.tags["mlflow.parentRunId"] for run in children}
    assert runs[parent].info.status == "FINISHED"
    artifacts = {item.path for item in client.list_artifacts(parent, "sweep")}
    assert {"sweep/best.yaml", "sweep/trials.csv"} <= artifacts

    everywhere = [done.stdout, done.stderr, str(study.user_attrs)]
    everywhere += [str(run.to_dictionary()) for run in runs.values()]
    everywhere += [p.read_text(errors="replace") for p in work.rglob("*") if p.is_file()]
    lines = [line for text in everywhere for line in text.splitlines()]
    assert not [line for line in lines if PASSWORD in line], "a password was written down"
