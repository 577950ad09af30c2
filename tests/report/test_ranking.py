"""The section with ROC and precision-recall curves, from what runs recorded."""

from copy import deepcopy
from types import SimpleNamespace
from typing import Any

import pytest
from made_study import RANKING

from rcnn_sweep.drawing.shapes import Path, Text
from rcnn_sweep.report.page import page
from rcnn_sweep.report.runs import Ranking, RunFacts
from rcnn_sweep.report.sections.head import Head
from rcnn_sweep.report.sections.ranking import ranking_of

HOSTILE = "<b>bold</b>"
CURVES = RANKING["classes"][0]
SEVERAL = {
    **RANKING,
    "positive": None,
    "classes": [{**CURVES, "name": name} for name in (HOSTILE, "b")],
    "micro": {**CURVES, "roc_auc": 0.9},
    "left_out": ["c", "d"],
}


def facts(*recorded: Any) -> Any:
    trials = [SimpleNamespace(number=number) for number in range(len(recorded))]
    details = {
        number: RunFacts(SimpleNamespace(metrics={}), {}, None, ranking=Ranking.of(own))  # type: ignore[arg-type]
        for number, own in enumerate(recorded)
    }
    study = SimpleNamespace(baseline=trials[0])
    return SimpleNamespace(study=study, best=trials[-1], details=details, refit=None)


def shown(section: Any) -> str:
    return page(
        "study.html", "s", {"sections": [("head", Head("s", "", ())), ("ranking", section)]}
    )


def test_baseline_and_best_trial_have_a_curve_in_both_drawings_and_a_row() -> None:
    found = ranking_of(facts(RANKING, {**RANKING, "roc_auc": 0.8}))
    assert found is not None and len(found.drawings) == 2
    for drawing, area in zip(found.drawings, ("AUC 0.7500", "AP 0.8300"), strict=True):
        kinds = [s.kind for s in drawing.shapes if isinstance(s, Path)]
        assert sorted(kinds) == ["curve c0", "curve c1"]
        words = [s.words for s in drawing.shapes if isinstance(s, Text)]
        assert f"baseline, trial 0: {area}" in words and f"best trial, trial 1: {area}" in words
    assert [[cell.text for cell in row.cells] for row in found.rows] == [
        ["baseline, trial 0", "0.7500", "0.8300"],
        ["best trial, trial 1", "0.8000", "0.8300"],
    ]
    assert found.class_rows == () and found.note == ""
    assert "probability of “good”" in found.caption
    assert found.rows_caption.endswith("chance has 0.5 and 0.5")
    html = shown(found)
    assert html.count("<svg") == 2 and "How well it ranks" in html


def test_several_classes_show_their_micro_average_and_each_in_a_row() -> None:
    found = ranking_of(facts(SEVERAL))
    assert found is not None
    words = [s.words for s in found.drawings[0].shapes if isinstance(s, Text)]
    assert "baseline, trial 0: AUC 0.9000" in words
    assert [row.cells[0].text for row in found.class_rows] == [HOSTILE, "b"]
    assert [cell.text for cell in found.class_rows[1].cells] == ["b", "2 texts", "0.7500", "0.8300"]
    assert found.note == "Without a validation text, so left out: c and d."
    assert "micro-average" in found.caption
    html = shown(found)
    assert "&lt;b&gt;bold" in html and "<b>bold" not in html


def test_without_curves_the_areas_stand_alone_and_of_one_class_it_says_so() -> None:
    many = {**RANKING, "positive": None, "classes": [], "left_out": [str(n) for n in range(9)]}
    found = ranking_of(facts(many))
    assert found is not None and found.drawings == ()
    assert found.note == "9 classes have no validation text; they are left out."
    assert found.rows[0].cells[1].text == "0.7500" and "<svg" not in shown(found)
    none = {**many, "positive": "good", "roc_auc": None, "average_precision": None}
    found = ranking_of(facts({**none, "left_out": ["good"]}))
    assert found is not None
    assert found.note == "The validation texts are all of one class: there is nothing to rank."


def test_a_study_from_before_has_no_such_section() -> None:
    assert ranking_of(facts(None, None)) is None
    found = ranking_of(facts(None, RANKING))
    assert found is not None and [row.cells[0].text for row in found.rows] == [
        "best trial, trial 1"
    ]
    assert "c1" in found.drawings[0].kinds and "c0" not in found.drawings[0].kinds


def changed(**given: Any) -> dict[str, Any]:
    other = deepcopy(RANKING)
    other["classes"][0].update(given)
    return other


@pytest.mark.parametrize(
    "other",
    [
        *(None, {}, [1], {**RANKING, "roc_auc": "much"}, {**RANKING, "average_precision": 2}),
        *({**RANKING, "classes": 3}, {**RANKING, "left_out": None}, {**RANKING, "micro": {}}),
        *(changed(roc={}), changed(share=float("nan")), changed(texts="two")),
        changed(roc={"false_positive_rate": [0.0], "true_positive_rate": [0.0, 1.0]}),
        changed(roc={"false_positive_rate": [], "true_positive_rate": []}),
        changed(roc={"false_positive_rate": [0.5] * 5000, "true_positive_rate": [0.5] * 5000}),
    ],
)
def test_what_is_no_ranking_is_none(other: Any) -> None:
    assert Ranking.of(RANKING) is not None
    assert Ranking.of(other) is None
