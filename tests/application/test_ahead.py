"""The references of a report are there when it asks, and nobody is left behind who trains them."""

import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from small import HANGS, table_rows, write_table

from rcnn_sweep.application import RecordedStudy, attach_report
from rcnn_sweep.application.ahead import ReferencesAhead
from rcnn_sweep.config import Config
from rcnn_sweep.data import TableConfig
from rcnn_sweep.data.dataset import _key
from rcnn_sweep.data.files import locked
from rcnn_sweep.data.finding import find
from rcnn_sweep.process import import_path
from rcnn_sweep.training import train_references
from rcnn_sweep.training.reference_models import REFERENCES


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TableConfig:
    monkeypatch.setenv("RCNN_SWEEP_CACHE", str(tmp_path / "cache"))
    path = write_table(tmp_path / "t.csv", table_rows(100))
    return TableConfig(path=str(path), validation="holdout")


@pytest.fixture
def endless(table: TableConfig, tmp_path: Path) -> Iterator[TableConfig]:
    """Data that somebody else is encoding, for ever."""
    key = _key(find(table, say=lambda _: None))
    (tmp_path / "cache" / "encoded").mkdir(parents=True)
    with locked(tmp_path / "cache" / "encoded" / f"{key}.lock"):
        yield table


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


def test_a_study_that_ends_early_does_not_wait(endless: TableConfig) -> None:
    ahead = ReferencesAhead()
    ahead.start(endless, "validation")
    process = ahead._process
    assert process is not None and process.poll() is None
    ahead.stop()
    assert process.wait(HANGS) < 0
    ahead.finish()  # nothing is left to wait for


def test_a_ctrl_c_while_it_is_waited_for_costs_the_report_alone(
    endless: TableConfig, workplace: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ahead = ReferencesAhead()
    ahead.start(endless, "validation")
    process = ahead._process
    assert process is not None
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)  # nohup leaves it ignored
    threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGINT]).start()
    try:
        with caplog.at_level(logging.WARNING):
            attach_report("s", "sqlite:///none.db", "none", may_train=True, ahead=ahead)
    finally:
        signal.signal(signal.SIGINT, earlier)
    assert "No report (KeyboardInterrupt)" in caplog.text and process.wait(HANGS) < 0


def test_it_ends_with_its_driver(endless: TableConfig) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "rcnn_sweep.application.ahead"],
        stdin=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": import_path()},
    )
    assert process.stdin is not None
    process.stdin.write(pickle.dumps((endless, "validation")))
    process.stdin.flush()
    time.sleep(0.5)
    assert process.poll() is None
    process.stdin.close()
    assert process.wait(HANGS) == 1
