"""The section on calibration, from what runs recorded."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from rcnn_sweep.drawing import Reliability, reliability_diagram
from rcnn_sweep.drawing.shapes import Text
from rcnn_sweep.report.confusion import Confusion, wilson
from rcnn_sweep.report.page import page
from rcnn_sweep.report.runs import Calibration, Mistake, RunFacts
from rcnn_sweep.report.sections.calibration import calibration_of
from rcnn_sweep.report.sections.head import Head

RECORDED = {
    "bins": [{"confidence": 0.7, "accuracy": 0.6, "count": 10, "low": 0.6, "high": 0.8}],
    "expected_calibration_error": 0.1,
}
MATRIX = Confusion(("bad", "good"), ((8, 2), (0, 10)))


def run(calibration: Calibration | None, confusion: Confusion | None = MATRIX) -> Any:
    snapshot = SimpleNamespace(metrics={"val_loss": 0.4, "val_brier": 0.12})
    return RunFacts(snapshot, {}, confusion, calibration)  # type: ignore[arg-type]


def facts(*runs: Any) -> Any:
    trials = [SimpleNamespace(number=number) for number in range(len(runs))]
    study = SimpleNamespace(baseline=trials[0])
    return SimpleNamespace(study=study, best=trials[-1], details=dict(enumerate(runs)), refit=None)


def test_each_network_has_a_row_and_the_best_one_its_classes() -> None:
    known = Calibration.of(RECORDED)
    found = calibration_of(facts(run(known), run(known)))
    assert found is not None and found.drawing is not None
    cells = [[cell.text for cell in row.cells] for row in found.rows]
    assert cells[0] == ["baseline, trial 0", "0.4000", "0.1200", "0.1000"]
    assert cells[1][0] == "best trial, trial 1"
    bad, good = ([cell.text for cell in row.cells] for row in found.class_rows)
    low, high = wilson(8, 10)
    assert bad == [
        *("bad", "10 texts", "1.0000", "0.6756 to 1.0000"),
        *("0.8000", f"{low:.4f} to {high:.4f}"),
    ]
    assert good[2:] == ["0.8333", "0.5520 to 0.9530", "1.0000", "0.7225 to 1.0000"]
    assert found.class_caption.startswith("best trial, trial 1")


def test_the_names_of_the_networks_lie_in_the_picture() -> None:
    points = ((0.7, 0.6, 10),)
    names = ("baseline, one seed", "best candidate, one seed")
    drawing = reliability_diagram([Reliability(name, "c0", points) for name in names])
    legend = [s for s in drawing.shapes if isinstance(s, Text) and s.words in names]
    assert len(legend) == 2
    assert all(s.place[0] + 8 * len(s.words) < drawing.width for s in legend), "letters of 8 units"


def test_the_best_trial_has_its_own_colour_where_the_baseline_recorded_nothing() -> None:
    found = calibration_of(facts(run(None), run(Calibration.of(RECORDED))))
    assert found is not None and found.drawing is not None
    assert "c1" in found.drawing.kinds and "c0" not in found.drawing.kinds


def test_a_study_from_before_has_its_classes_only_or_nothing() -> None:
    found = calibration_of(facts(run(None)))
    assert found is not None and found.drawing is None and found.rows == ()
    assert len(found.class_rows) == 2
    assert calibration_of(facts(run(None, None))) is None


@pytest.mark.parametrize("other", [None, {}, {"bins": [{}]}, {"bins": []}, [1]])
def test_what_is_no_calibration_is_none(other: Any) -> None:
    assert Calibration.of(other) is None


def test_the_surest_mistakes_are_shown_cut_and_escaped() -> None:
    hostile = {"true": "bad", "predicted": "good", "probability": 0.99, "text": "<b>" + 400 * "x"}
    told = Mistake.all_of({"mistakes": [hostile] * 12})
    assert len(told) == 10 and len(told[0].text) == 300
    found = calibration_of(facts(replace(run(Calibration.of(RECORDED)), mistakes=told)))
    assert found is not None and len(found.mistake_rows) == 10
    assert found.mistake_caption == (
        "The surest mistakes of the baseline, trial 0; "
        "\N{MIDDLE DOT} stands for words it does not know"
    )
    sections = [("head", Head("s", "", ())), ("calibration", found)]
    shown = page("study.html", "s", {"sections": sections})
    assert "&lt;b&gt;xxx" in shown and "<b>xxx" not in shown
    for other in (None, {}, {"mistakes": [{}]}, {"mistakes": 3}):
        assert Mistake.all_of(other) == ()
