"""``reproduce`` as its users call it, on a real small run."""

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from small import HANGS, command_line, environment

from rcnn_sweep.tracking.reader import RunReader


def reproduce(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command_line("reproduce", *words),
        cwd=folder,
        env={**environment(folder / "cache"), "TF_NUM_INTRAOP_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=HANGS,
    )


@pytest.mark.slow
def test_a_run_is_reproduced_from_its_record_alone_with_its_data_moved(
    small_run: tuple[Path, str], tmp_path: Path
) -> None:
    folder, run_id = small_run
    shutil.copy(folder / "mlflow.db", tmp_path / "mlflow.db")
    moved = shutil.copy(folder / "reviews.csv", tmp_path / "moved é.csv")
    done = reproduce(tmp_path, run_id, "--data-path", str(moved))
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stderr == ""
    assert "numbers must be equal" in done.stdout
    reader = RunReader(f"sqlite:///{tmp_path}/mlflow.db")
    [again] = reader.search(f"tags.`rcnn_sweep.reproduces` = '{run_id}'")
    assert again.status == "FINISHED"
    assert again.tags["rcnn_sweep.reproduced"] == "true"
    first = reader.run(run_id)
    names = [name for name in first.metrics if not name.endswith("_seconds")]
    assert len(names) == 17
    for name in names:
        assert reader.history(run_id, name) == reader.history(again.run_id, name)
    # five metrics in two epochs, and twelve at the end
    assert "all 22 numbers agree exactly" in done.stdout
    kept = reader.text(again.run_id, "reproduction/comparison.txt")
    assert kept is not None
    assert kept.splitlines()[-1] in done.stdout


@pytest.mark.slow
def test_a_pruned_run_is_trained_as_far_and_a_false_number_found(
    small_run: tuple[Path, str], tmp_path: Path
) -> None:
    folder, run_id = small_run
    shutil.copy(folder / "mlflow.db", tmp_path / "mlflow.db")
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
        for table in ("metrics", "latest_metrics"):
            database.execute(f"DELETE FROM {table} WHERE key LIKE 'test%' OR key LIKE '%f1%'")
            database.execute(f"DELETE FROM {table} WHERE key IN ('parameters', 'best_epoch')")
            database.execute(f"DELETE FROM {table} WHERE key LIKE '%brier'")
            database.execute(f"DELETE FROM {table} WHERE key LIKE '%average_precision'")
        database.execute("DELETE FROM metrics WHERE step = 2")
        database.execute("UPDATE metrics SET value = value + 1e-9 WHERE key = 'val_loss'")
        database.execute("UPDATE runs SET status = 'KILLED'")
        database.execute("UPDATE tags SET value = 'pruned' WHERE key = 'rcnn_sweep.state'")
        database.commit()
    done = reproduce(tmp_path, run_id)
    assert done.returncode == 1, done.stderr + done.stdout
    assert "Epoch 1/1" in done.stdout
    assert "1 of 4 numbers do not agree exactly, the first is val_loss (epoch 1)" in done.stdout
    reader = RunReader(f"sqlite:///{tmp_path}/mlflow.db")
    [again] = reader.search(f"tags.`rcnn_sweep.reproduces` = '{run_id}'")
    assert again.tags["rcnn_sweep.reproduced"] == "false"
    assert again.params["training.epochs"] == "1"
