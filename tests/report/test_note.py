"""What MLflow's page says of a study, and what it calls its runs."""

from datetime import datetime

import pytest

from rcnn_sweep.application.run import trial_name
from rcnn_sweep.report import StudyFacts, study_note
from rcnn_sweep.report.note import escaped
from rcnn_sweep.sweep import StudySnapshot, TrialSnapshot
from rcnn_sweep.tracking import RunSnapshot


def trial(number: int, value: float, **params: object) -> TrialSnapshot:
    return TrialSnapshot(
        **{"number": number, "state": "complete", "values": (value,), "params": params},
        **{"steps": {1: value}, "started": datetime(2026, 1, 2, 3, 4), "seconds": 2.0},
        **{"slot": number, "retry_of": None, "duplicate_of": None, "run_id": f"{number:032}"},
        **{"seed": number, "worker": "", "reason": "", "rejected": 0},
    )


def facts(best: TrialSnapshot, *others: TrialSnapshot) -> StudyFacts:
    trials = tuple(sorted([best, *others], key=lambda one: one.number))
    study = StudySnapshot(
        **{"name": "s", "storage": "sqlite:///studies.db", "directions": ("maximize",)},
        **{"metrics": ("val_accuracy",), "trials": trials, "best": (best,), "parent": {}},
        **{"baseline": trials[0], "record": {}, "command": "", "directory": None},
        is_search=True,
    )
    parent = RunSnapshot(
        **{"run_id": "f" * 32, "experiment_id": "7", "name": "s", "status": "FINISHED"},
        **{"params": {}, "metrics": {}, "tags": {}, "started": 0.0, "ended": 1.0},
    )
    return StudyFacts(study, parent, {}, (best, *others), {}, {})


def test_a_studys_description_is_its_verdict_a_small_table_and_the_way_to_the_report() -> None:
    best, other = trial(2, 0.9, filters=52, act="a|b"), trial(0, 0.8, filters=64, act="relu")
    lines = study_note(facts(best, other)).splitlines()
    assert lines[0].startswith(r"**The best is trial 2 with a val\_accuracy of 0.9000.")
    assert lines[0].endswith("**")
    table = [line for line in lines if line.startswith("|")]
    assert table == [
        r"| trial | val\_accuracy | filters | act |",
        "| --- | --- | --- | --- |",
        r"| \#0 baseline | 0.8000 | 64 | relu |",
        r"| \#2 | 0.9000 | 52 | a\|b |",
    ]
    page = f"#/experiments/7/runs/{'f' * 32}/artifacts/sweep/report.html"
    assert f"[sweep/report.html]({page}?workflowType=machine_learning)" in lines[-1]


def test_where_the_baseline_wins_the_description_says_so() -> None:
    baseline = trial(0, 0.9, filters=64)
    told = study_note(facts(baseline, trial(1, 0.8, filters=32)))
    assert told.startswith("**Nothing beat the baseline")
    assert told.count("#0 baseline") == 1


def test_a_studys_words_are_no_markdown() -> None:
    assert escaped("<img src=x>\n[a](b) *c* `d`") == r"&lt;img src=x> \[a\](b) \*c\* \`d\`"


@pytest.mark.parametrize(
    ("params", "given", "name"),
    [
        ({"conv.filters": 52, "lstm.units": 129}, None, "#11 filters 52 units 129"),
        ({"embedding.dropout": 0.25, "lstm.dropout": 0.5}, None,
         "#11 embedding.dropout 0.25 lstm.dropout 0.5"),
        ({"x": 1}, "mine", "#11 mine"),
        ({}, None, "#11"),
    ],
)  # fmt: skip
def test_a_trials_run_is_named_by_what_makes_it_differ(
    params: dict[str, object], given: str | None, name: str
) -> None:
    assert trial_name(11, params, given) == name
