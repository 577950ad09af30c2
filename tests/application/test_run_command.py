"""The command as its users call it, in processes of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small import ROOT, command_line, environment, table_rows, write_table

from rcnn_sweep.config import Config, flat, from_yaml
from rcnn_sweep.data import TableConfig

SMALL = [
    *("data.maxlen=12", "conv.filters=8", "lstm.units=8", "embedding.output_dim=8"),
    *("training.batch_size=16", "training.learning_rate=0.01", "training.epochs=2"),
]
WATCHED = {
    "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "true",
    "MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL": "0.5",
}
ENDLESS = ["training.epochs=100000", "tracking.log_model=false"]


def words(table: Path, *more: str) -> list[str]:
    return ["data=table", f"data.path='{table}'", *SMALL, *more]


def runs(folder: Path, experiment: str = "rcnn_sweep") -> list:
    import mlflow

    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    found = client.get_experiment_by_name(experiment)
    return [] if found is None else client.search_runs([found.experiment_id])


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder and the output of one complete run in a working directory with a space."""
    folder = tmp_path_factory.mktemp("a run")
    table = write_table(folder / "reviews é.csv", table_rows(200))
    done = subprocess.run(
        command_line(*words(table)),
        cwd=folder,
        env={**environment(folder / "cache"), **WATCHED},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def artifact(folder: Path, path: str) -> Path:
    [run] = runs(folder)
    return Path(run.info.artifact_uri) / path


@pytest.mark.slow
def test_a_run_leaves_the_contracts_record(finished: tuple[Path, str]) -> None:
    folder, _ = finished
    [run] = runs(folder)
    assert run.info.status == "FINISHED"
    assert run.data.tags["rcnn_sweep.kind"] == "run"
    assert run.data.tags["rcnn_sweep.state"] == "complete"
    assert len(run.data.tags["rcnn_sweep.data_sha256"]) == 64
    assert run.data.params["conv.filters"] == "8"
    assert run.data.params["data.label_column"] == "label"
    assert {name for name in run.data.metrics if not name.startswith("system/")} == {
        *("train_loss", "train_accuracy", "val_loss", "val_accuracy"),
        *("val_f1_macro", "val_f1_micro", "test_loss", "test_accuracy", "test_f1_macro"),
        *("test_f1_micro", "test_roc_auc", "fit_seconds", "total_seconds", "parameters"),
        *("val_brier", "test_brier", "val_average_precision", "test_average_precision"),
        "best_epoch",
    }
    for path in [
        *("config/resolved.yaml", "config/overrides.yaml", "config/environment.json"),
        *("evaluation/confusion_matrix.png", "evaluation/confusion_matrix_normalized.png"),
        *("evaluation/confusion_matrix.json", "evaluation/classification_report.json"),
        *("evaluation/calibration.json", "evaluation/reliability.png"),
        *("evaluation/ranking.json", "evaluation/roc_curve.png"),
        *("evaluation/precision_recall_curve.png", "evaluation/mistakes.json"),
        *("evaluation/learning_curves.png", "model/summary.txt", "model/architecture.svg"),
        "weights/rcnn.weights.h5",
    ]:
        assert artifact(folder, path).stat().st_size > 0


def test_every_key_of_the_config_is_a_parameter(finished: tuple[Path, str]) -> None:
    folder, _ = finished
    [run] = runs(folder)
    config = from_yaml(artifact(folder, "config/resolved.yaml").read_text(encoding="utf-8"))
    assert run.data.params.keys() == flat(config).keys() >= {*flat(Config(data=TableConfig()))}


def test_a_run_of_its_own_records_what_it_takes_from_the_machine(
    finished: tuple[Path, str],
) -> None:
    folder, output = finished
    [run] = runs(folder)
    assert run.data.metrics["system/cpu_utilization_percentage"] > 0
    assert run.data.metrics["system/system_memory_usage_megabytes"] > 100
    assert "system metrics" not in output.lower()


def test_the_numbers_agree_with_each_other_and_with_the_screen(finished: tuple[Path, str]) -> None:
    folder, output = finished
    [run] = runs(folder)
    written = json.loads(artifact(folder, "evaluation/confusion_matrix.json").read_text())
    assert written["labels"] == ["bad", "good"]
    (a, b), (c, d) = written["matrix"]
    assert (a + d) / (a + b + c + d) == pytest.approx(run.data.metrics["test_accuracy"])
    assert run.data.metrics["test_accuracy"] == pytest.approx(run.data.metrics["val_accuracy"])
    assert run.data.metrics["test_accuracy"] > 0.9
    ranked = json.loads(artifact(folder, "evaluation/ranking.json").read_text())
    assert ranked["positive"] == "good" and ranked["left_out"] == []
    assert ranked["roc_auc"] == pytest.approx(run.data.metrics["test_roc_auc"])
    assert ranked["average_precision"] == pytest.approx(run.data.metrics["test_average_precision"])
    assert f"Test accuracy: {run.data.metrics['test_accuracy']:.4f}" in output
    assert run.info.run_id in output
    assert "Epoch 2/2" in output
    assert "mlflow ui" in output


def test_the_logged_model_reads_raw_text_and_gives_the_runs_numbers(
    finished: tuple[Path, str],
) -> None:
    import mlflow
    import pandas as pd

    from rcnn_sweep.data import TableConfig, load

    folder, _ = finished
    [run] = runs(folder)
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    model = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    table = folder / "reviews é.csv"
    texts, labels = pd.read_csv(table)["text"], pd.read_csv(table)["label"]
    answers = model.predict(pd.DataFrame({"text": texts}))
    assert list(answers.columns) == ["label", "probability"]
    assert answers["probability"].between(0.5, 1).all()

    dataset = load(TableConfig(path=str(table), maxlen=12), say=print)
    encoded = dataset.vocabulary.encode(list(texts))
    rows = {tuple(row) for row in dataset.test.x[dataset.test.rows]}
    in_test = [tuple(row) in rows for row in encoded]
    right = (answers["label"] == labels)[in_test].mean()
    assert right == pytest.approx(run.data.metrics["test_accuracy"])
    requirements = Path(mlflow.artifacts.download_artifacts(f"runs:/{run.info.run_id}/model"))
    assert "tensorflow==" in (requirements / "requirements.txt").read_text()


def test_a_model_of_another_kind_of_input_is_refused(finished: tuple[Path, str]) -> None:
    import mlflow
    import pandas as pd

    folder, _ = finished
    [run] = runs(folder)
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    model = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    with pytest.raises(Exception, match="text"):
        model.predict(pd.DataFrame({"words": ["good"]}))


@pytest.mark.slow
def test_the_same_command_gives_the_same_numbers(finished: tuple[Path, str], command) -> None:
    folder, _ = finished
    [first] = runs(folder)
    table = folder / "reviews é.csv"
    assert command(*words(table, "tracking.experiment=again"), cwd=folder).returncode == 0
    [second] = runs(folder, "again")
    same = {n for n in second.data.metrics if not n.endswith("_seconds")}
    assert same >= {"test_accuracy", "test_loss", "val_f1_macro"}
    assert {n: first.data.metrics[n] for n in same} == {n: second.data.metrics[n] for n in same}


@pytest.mark.slow
def test_three_classes_and_a_holdout_leave_the_test_split_unread(workplace: Path, command) -> None:
    names = ["low", "middle", "high"]
    rows = [(f"word{place % 3} again word{place % 3}", names[place % 3]) for place in range(150)]
    table = write_table(workplace / "three.csv", rows)
    done = command(*words(table, "data.validation=holdout"), cwd=workplace)
    assert done.returncode == 0, done.stderr
    assert "Validation accuracy" in done.stdout
    [run] = runs(workplace)
    assert not [name for name in run.data.metrics if name.startswith("test_")]
    written = json.loads(artifact(workplace, "evaluation/confusion_matrix.json").read_text())
    assert written["labels"] == ["high", "low", "middle"]
    assert sum(map(sum, written["matrix"])) == 24  # .2 of the 120 training rows


@pytest.mark.slow
def test_a_failure_is_recorded_as_one(workplace: Path, table: Path, command) -> None:
    more = ["training.optimizer=sgd", "training.learning_rate=1e38"]
    done = command(*words(table), *more, cwd=workplace)
    assert done.returncode == 1
    assert "train_loss is nan" in done.stderr
    [run] = runs(workplace)
    assert run.info.status == "FAILED"
    assert run.data.tags["rcnn_sweep.state"] == "failed"
    assert "NotFinite" in artifact(workplace, "failure/traceback.txt").read_text()


def start_endless(folder: Path, table: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        command_line(*words(table), *ENDLESS),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stdout:
        if line.startswith("Epoch 2/"):
            return process
    raise AssertionError(process.stderr.read())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "code", "reason"),
    [(signal.SIGINT, 130, "Ctrl-C"), (signal.SIGTERM, 143, "SIGTERM")],
)
def test_a_stopped_run_says_so(
    workplace: Path, table: Path, sent: signal.Signals, code: int, reason: str
) -> None:
    process = start_endless(workplace, table)
    [running] = runs(workplace)
    assert running.info.status == "RUNNING"
    assert "val_accuracy" in running.data.metrics, "metrics must be there while it trains"
    process.send_signal(sent)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in errors
    [run] = runs(workplace)
    assert run.info.status == "KILLED"
    assert run.data.tags["rcnn_sweep.state"] == "interrupted"
    assert reason in run.data.tags["rcnn_sweep.reason"]


@pytest.mark.slow
def test_a_killed_run_is_reaped_by_the_next(workplace: Path, table: Path, command) -> None:
    process = start_endless(workplace, table)
    process.kill()
    process.wait()
    process.stdout.close()
    process.stderr.close()
    assert runs(workplace)[0].info.status == "RUNNING"
    done = command(*words(table), cwd=workplace)
    assert "now interrupted" in done.stdout
    assert sorted(run.info.status for run in runs(workplace)) == ["FINISHED", "KILLED"]


def test_no_copy_and_no_network_end_at_once_where_no_fallback_is_wanted(
    tmp_path: Path, command
) -> None:
    started = time.perf_counter()
    done = command("data.fallback=null", "data.url=http://127.0.0.1:9/imdb.npz")
    assert time.perf_counter() - started < 5
    assert done.returncode == 2
    assert "data.path" in done.stderr
    assert not (tmp_path / "mlflow.db").exists()


@pytest.mark.slow
def test_the_app_works_without_git_and_with_a_plain_locale(
    tmp_path: Path, table: Path, command
) -> None:
    more = ["training.epochs=1", "tracking.log_model=false"]
    python = Path(sys.executable).parent
    done = command(*words(table), *more, LC_ALL="C", LANG="C", PATH=str(python))
    assert done.returncode == 0, done.stderr
    [run] = runs(tmp_path)
    assert "mlflow.source.git.commit" not in run.data.tags
    assert "<svg" in artifact(tmp_path, "model/architecture.svg").read_text(encoding="utf-8")
    assert "drawn plainly" in done.stdout


@pytest.mark.slow
def test_the_wheel_ships_the_configs(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(ROOT)], check=True)
    [wheel] = tmp_path.glob("*.whl")
    place = tmp_path / "installed"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    subprocess.run([*install, str(place), str(wheel)], check=True)
    done = subprocess.run(
        [sys.executable, "-m", "rcnn_sweep", "--cfg", "job"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(place)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "kernel_size: 5" in done.stdout
    assert (place / "rcnn_sweep" / "conf" / "config.yaml").exists()
