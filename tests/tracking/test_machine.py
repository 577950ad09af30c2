"""What a run takes from its machine: recorded for runs, not for the trials of a search."""

import inspect
from contextlib import AbstractContextManager, nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

from rcnn_sweep.application.run import Job, _watched
from rcnn_sweep.config import Config
from rcnn_sweep.tracking import system_metrics

SWITCH = "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING"


@pytest.mark.parametrize("switch", [None, "true", "false"])
def test_a_run_is_watched_to_its_end_unless_the_environment_forbids_it(
    monkeypatch: pytest.MonkeyPatch, switch: str | None
) -> None:
    done: list[str] = []
    monkeypatch.setattr(SystemMetricsMonitor, "start", lambda _: done.append("start"))
    monkeypatch.setattr(SystemMetricsMonitor, "finish", lambda _: done.append("finish"))
    monkeypatch.delenv(SWITCH)
    if switch is not None:
        monkeypatch.setenv(SWITCH, switch)
    with pytest.raises(ValueError), system_metrics("0" * 32, "sqlite:///mlflow.db"):
        raise ValueError
    assert done == ([] if switch == "false" else ["start", "finish"])
    assert inspect.signature(SystemMetricsMonitor).parameters["sampling_interval"].default == 10


@pytest.mark.parametrize(
    ("trial", "kind", "is_watched"),
    [(None, None, True), ({}, None, False), ({}, "run", True)],
    ids=["a run", "a trial of a search", "a run of a refit"],
)
def test_trials_of_a_search_are_not_watched(
    monkeypatch: pytest.MonkeyPatch, trial: Any, kind: str | None, is_watched: bool
) -> None:
    asked: list[str] = []

    def watched(run_id: str, uri: str) -> AbstractContextManager[None]:
        asked.append(run_id)
        return nullcontext()

    monkeypatch.setattr("rcnn_sweep.tracking.system_metrics", watched)
    job = Job(Config(), dataset=None, overrides=(), trial=trial, kind=kind)  # type: ignore[arg-type]
    store, writer = SimpleNamespace(uri="sqlite:///mlflow.db"), SimpleNamespace(run_id="a")
    with _watched(job, store, writer):  # type: ignore[arg-type]
        assert asked == (["a"] if is_watched else [])
