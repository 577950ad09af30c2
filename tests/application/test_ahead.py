"""The references of a report are there when it asks, and nobody is left behind who trains them."""

import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from small import HANGS, table_rows, write_table

from rcnn_sweep.application import RecordedStudy, ReferencesAhead
from rcnn_sweep.config import Config
from rcnn_sweep.data import DataConfig, TableConfig
from rcnn_sweep.process import import_path
from rcnn_sweep.training import train_references
from rcnn_sweep.training.reference_models import REFERENCES


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TableConfig:
    monkeypatch.setenv("RCNN_SWEEP_CACHE", str(tmp_path / "cache"))
    path = write_table(tmp_path / "t.csv", table_rows(100))
    return TableConfig(path=str(path), validation="holdout")


def endless(tmp_path: Path) -> DataConfig:
    """Data that nobody ever writes."""
    os.mkfifo(tmp_path / "t.csv")
    return TableConfig(path=str(tmp_path / "t.csv"), validation="holdout")


def kept(tmp_path: Path) -> int:
    return len([*(tmp_path / "cache" / "references").glob("*.npz")])


def test_what_was_trained_ahead_is_not_trained_again(
    table: TableConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = ReferencesAhead()
    ahead.start(table, "validation")
    ahead.finish()
    assert kept(tmp_path) == len(REFERENCES)
    monkeypatch.setattr("rcnn_sweep.training.reference._trained", None)
    assert [found.name for found in train_references(table, "validation")] == [*REFERENCES]


def test_a_study_trains_those_of_the_data_that_was_settled(
    table: TableConfig, tmp_path: Path, workplace: Path
) -> None:
    composed = OmegaConf.structured(Config(data=table))
    hooks = RecordedStudy(composed)
    hooks.near_end()
    assert kept(tmp_path) == 0, "nothing is settled yet"
    hooks.prepare(composed, dry_run=False)
    hooks.near_end()
    hooks._ahead.finish()
    assert kept(tmp_path) == len(REFERENCES)


def test_a_study_that_ends_early_does_not_wait(tmp_path: Path) -> None:
    ahead = ReferencesAhead()
    ahead.start(endless(tmp_path), "validation")
    process = ahead._process
    assert process is not None and process.poll() is None
    ahead.stop()
    assert process.wait(HANGS) < 0
    ahead.finish()  # nothing is left to wait for


def test_it_ends_with_its_driver(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "rcnn_sweep.application.ahead"],
        stdin=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": import_path()},
    )
    assert process.stdin is not None
    process.stdin.write(pickle.dumps((endless(tmp_path), "validation")))
    process.stdin.flush()
    time.sleep(0.5)
    assert process.poll() is None
    process.stdin.close()
    assert process.wait(HANGS) == 1
