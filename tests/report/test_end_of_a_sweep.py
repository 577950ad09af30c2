"""A report is a gift at a sweep's end: it must not cost the sweep anything."""

import logging
from pathlib import Path

import pytest
from made_study import Made, trial
from read_page import Page

from rcnn_sweep.application import attach_report


@pytest.fixture
def results(made: Made) -> Path:
    """The folder of a sweep's results, below the made study's directory."""
    folder = made.folder / "multirun" / "made" / "sweep"
    folder.mkdir(parents=True)
    return folder


def test_a_complete_sweep_leaves_its_report_with_a_reference(made: Made, results: Path) -> None:
    run_id = made.study("search", [trial(16, 0.7), trial(20, 0.85)])
    attach_report("search", made.url, made.store.uri, may_train=True)
    run = made.store.client.get_run(run_id)
    assert run.data.metrics["reference_val_accuracy"] == 1.0
    logged = Path(run.info.artifact_uri) / "sweep" / "report.html"
    assert logged.read_text() == (results / "report.html").read_text()


def test_a_stopped_sweep_trains_no_reference(made: Made, results: Path) -> None:
    run_id = made.study("search", [trial(16, 0.7), trial(20, state="waiting")])
    attach_report("search", made.url, made.store.uri, may_train=False)
    assert "reference_val_accuracy" not in made.store.client.get_run(run_id).data.metrics
    page = Page(results / "report.html")
    told = "It is not trained yet, as the sweep is not over; python -m rcnn_sweep report search"
    assert told in page.text


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_what_goes_wrong_is_a_warning(
    made: Made,
    results: Path,
    error: BaseException,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    made.study("search", [trial(16, 0.7)])

    def fail(*_: object, **__: object) -> str:
        raise error

    monkeypatch.setattr("rcnn_sweep.application.report.study_html", fail)
    with caplog.at_level(logging.WARNING):
        attach_report("search", made.url, made.store.uri, may_train=True)
    [told] = [r.getMessage() for r in caplog.records if r.name == "rcnn_sweep.application.report"]
    assert told.endswith("python -m rcnn_sweep report search makes it.")
    assert list(results.iterdir()) == []
