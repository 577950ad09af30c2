"""A sweep as a team runs it: PostgreSQL, an MLflow server and Ray workers, all on loopback."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from small import command_line, table_rows, write_table

PASSWORD = "correct-horse"


def binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    return found[-1].parent if found else None


needs = [
    pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed"),
    pytest.mark.skipif(
        importlib.util.find_spec("psycopg") is None, reason="psycopg is not installed"
    ),
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed"),
]
pytestmark = needs


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def as_server_user(*words: object) -> list[str]:
    """PostgreSQL refuses to run as root; Debian's package brings a user for it."""
    is_root = os.geteuid() == 0
    return [*(["runuser", "-u", "postgres", "--"] if is_root else []), *map(str, words)]


@pytest.fixture
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL, password included, of an empty database on a server of its own."""
    folder, port = Path("/tmp") / f"rcnn-postgres-{os.getpid()}", free_port()
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    secret = tmp_path_factory.mktemp("secret") / "password"
    for parent in list(secret.parents)[:3]:
        parent.chmod(0o755)
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    tools = binaries()
    data = folder / "data"
    initdb = ["-D", data, "-U", "sweeper", "--auth=scram-sha-256", f"--pwfile={secret}"]
    subprocess.run(as_server_user(tools / "initdb", *initdb), check=True, capture_output=True)
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
    control = [tools / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
    subprocess.run(as_server_user(*control, "-o", options, "start"), check=True)
    try:
        yield f"postgresql://sweeper:{PASSWORD}@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run(as_server_user(*control, "-m", "immediate", "stop"), check=False)
        shutil.rmtree(folder, ignore_errors=True)


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
    deadline = time.monotonic() + 90
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).close()
            break
        except OSError:
            assert time.monotonic() < deadline, (home / "log").read_text()
            time.sleep(0.5)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def test_two_ray_workers_share_a_study_in_postgresql_and_record_on_a_server(
    tmp_path: Path, postgres: str, server: str
) -> None:
    import mlflow

    work = tmp_path / "work"
    work.mkdir()
    write_table(work / "reviews.csv", table_rows(200))
    words = [
        *("-m", "data=table", "data.path=reviews.csv", "data.maxlen=12", "conv.filters=4"),
        *("embedding.output_dim=4", "lstm.units=4", "training.epochs=2", "conv.kernel_size=3"),
        *("hydra/launcher=ray", "hydra.sweeper.workers=2", "hydra.sweeper.n_trials=4"),
        *("hydra.sweeper.study_name=team", f"hydra.sweeper.storage={postgres}"),
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

    study = optuna.load_study(study_name="team", storage=postgres)
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
