"""What counts as evidence when runs are missing, and how it is written down."""

import json
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from simulated import arm, asked, refit

from rcnn_sweep.drawing import Drawing
from rcnn_sweep.drawing.shapes import Box, Circle, Text
from rcnn_sweep.evidence.comparison import Measured, compare
from rcnn_sweep.evidence.document import NotEvidence, as_json, from_json
from rcnn_sweep.evidence.evidence import Evidence
from rcnn_sweep.evidence.picture import draw_evidence, draw_intervals
from rcnn_sweep.evidence.text import as_text, details, sentence


def found(*gains: float, missing: tuple[int, ...] = (), seeds: int = 4) -> Evidence:
    """Evidence in which the last candidate lacks the runs of the seeds ``missing``."""
    truth, configs = refit(np.random.default_rng(0), gains, seeds=seeds)
    last = configs[-1]
    kept = {seed: run for seed, run in last.runs.items() if seed not in missing}
    return compare(asked(seeds), truth, [*configs[:-1], Measured(last.arm, kept)])


def texts(drawing: Drawing) -> list[str]:
    return [shape.words for shape in drawing.shapes if isinstance(shape, Text)]


def document(evidence: Evidence) -> dict:
    return json.loads(json.dumps(as_json(evidence), allow_nan=False))


@pytest.mark.slow
def test_only_complete_pairs_count_and_the_others_are_told() -> None:
    evidence = found(1.0, 1.0, missing=(1,))
    whole, part = evidence.comparisons
    assert (whole.seeds, part.seeds) == ((0, 1, 2, 3), (0, 2, 3))
    assert part.judged is not None and len(part.judged.per_seed) == 3
    assert "1 run(s) are missing" in as_text(evidence)
    assert document(evidence)["arms"][2]["missing"] == [1]


def test_fewer_than_two_pairs_give_no_verdict() -> None:
    evidence = found(1.0, missing=(0, 1, 3))
    [one] = evidence.comparisons
    assert one.verdict == "no verdict" and one.judged is None
    assert sentence(evidence) == "No verdict: too few runs are complete."
    written = document(evidence)["comparisons"][0]
    assert written["accuracy"] is None and written["mcnemar"] is None
    assert texts(draw_intervals(evidence, "accuracy"))[-2:] == ["trial 1", "no verdict"]


@pytest.mark.slow
def test_a_candidate_without_a_verdict_does_not_hide_the_other() -> None:
    evidence = found(1.5, 1.5, missing=(0, 1, 2, 3), seeds=5)
    assert [one.verdict for one in evidence.comparisons] == ["better", "no verdict"]
    assert sentence(evidence) == "Better than the baseline: trial 1."
    assert len(list(details(evidence))) == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("baseline", "own", "share"), [(0.80, 0.84, "known"), (0.84, 0.80, None), (None, 0.84, None)]
)
def test_how_much_of_the_validation_gain_is_left(
    baseline: float | None, own: float, share: str | None
) -> None:
    truth, configs = refit(np.random.default_rng(0), (0.5,), seeds=4)
    seen = {} if baseline is None else {"accuracy": baseline}
    arms = [arm("baseline", 0, **seen), arm("trial 1", 1, accuracy=own)]
    measured = [Measured(a, one.runs) for a, one in zip(arms, configs, strict=True)]
    [one] = compare(asked(4), truth, measured).comparisons
    assert one.judged is not None
    if share is None:
        assert one.share is None
    else:
        assert one.share == pytest.approx(one.judged.mean / (own - (baseline or 0)))


def test_macro_f1_decides_where_the_sweep_sought_it() -> None:
    truth, configs = refit(np.random.default_rng(0), (1.0,), seeds=4)
    evidence = compare(replace(asked(4), judged_by="f1_macro"), truth, configs)
    [one] = evidence.comparisons
    assert one.judged is not None and one.differences is not None
    assert one.judged == one.differences["f1_macro"]
    assert "points of test macro-F1" in as_text(evidence)


def test_the_picture_has_a_row_a_candidate_and_a_line_at_zero() -> None:
    drawing = draw_intervals(found(1.0, 0.0), "accuracy")
    rows = [shape.words for shape in drawing.shapes if getattr(shape, "kind", "") == "label"]
    assert rows == ["trial 1", "trial 2"]
    [zero] = [shape for shape in drawing.shapes if shape.kind == "zero"]
    [at_zero] = [s for s in drawing.shapes if isinstance(s, Text) and s.words == "0"]
    assert zero.start[0] == zero.end[0] == at_zero.place[0]


def test_the_mean_lies_inside_its_interval_on_its_own_side_of_zero() -> None:
    evidence = found(1.5)
    drawing = draw_intervals(evidence, "accuracy")
    [zero] = [shape for shape in drawing.shapes if shape.kind == "zero"]
    [bar] = [shape for shape in drawing.shapes if isinstance(shape, Box)]
    [mean] = [shape for shape in drawing.shapes if isinstance(shape, Circle)]
    assert evidence.comparisons[0].verdict == "better"
    assert zero.start[0] < bar.corner[0] < mean.centre[0] < bar.corner[0] + bar.width


def test_the_picture_of_a_refit_shows_both_metrics_the_one_that_decides_first() -> None:
    evidence = found(1.0, 0.0)
    by_f1 = replace(evidence, asked=replace(evidence.asked, judged_by="f1_macro"))
    names = [t for t in texts(draw_evidence(by_f1)) if t.startswith("difference in")]
    assert names == ["difference in test f1_macro", "difference in test accuracy"]
    assert "line: 97.5 % interval" in texts(draw_evidence(by_f1))[-1]


@pytest.mark.parametrize("missing", [(), (1,), (0, 1, 3), (0, 1, 2, 3)])
@pytest.mark.parametrize("metric", ["accuracy", "f1_macro"])
def test_what_is_written_is_read_back(missing: tuple[int, ...], metric: str) -> None:
    truth, configs = refit(np.random.default_rng(0), (1.0, 0.5), seeds=4)
    known = {"validation": {"accuracy": 0.8}, "epochs": 3}
    seen = [Measured(replace(one.arm, **known), one.runs) for one in configs]
    last = seen[-1]
    kept = Measured(last.arm, {s: r for s, r in last.runs.items() if s not in missing})
    evidence = compare(asked(4, metric), truth, [*seen[:-1], kept])
    assert from_json(document(evidence)) == evidence
    assert as_json(from_json(document(evidence))) == as_json(evidence)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda d: d.update(schema=2), "schema 1; received 2"),
        (lambda d: d.pop("seeds"), "KeyError: 'seeds'"),
        (lambda d: d["arms"].pop(), "ValueError"),
        (lambda d: d["arms"].clear(), "ValueError"),
        (lambda d: d["arms"][1].update(name="trial 9"), "a comparison for each other arm"),
        (lambda d: d["arms"][0]["runs"][0].pop("accuracy"), "KeyError: 'accuracy'"),
        (lambda d: d["comparisons"][0].update(verdict="splendid"), "ValueError"),
        (lambda d: d["comparisons"][0]["accuracy"].update(interval=[0.1]), "ValueError"),
        (lambda d: d.update(judged_by="loss"), "KeyError: 'loss'"),
    ],
)
def test_what_is_no_evidence_is_refused(change: Callable[[dict], object], told: str) -> None:
    written = document(found(1.0))
    change(written)
    with pytest.raises(NotEvidence, match=f"^evidence: expected .*{re.escape(told)}"):
        from_json(written)


@pytest.mark.slow
def test_epochs_that_trials_decided_are_told_and_others_are_not_written() -> None:
    evidence = found(1.0)
    assert "Epochs" not in as_text(evidence)
    assert all("epochs" not in written for written in document(evidence)["arms"])
    truth, configs = refit(np.random.default_rng(0), (1.0,), seeds=4)
    lengths = [3, None]
    timed = [
        Measured(replace(one.arm, epochs=epochs), one.runs)
        for one, epochs in zip(configs, lengths, strict=True)
    ]
    told = as_text(compare(asked(4), truth, timed))
    assert "Epochs, as the trial's validation split decided them: baseline 3." in told


@pytest.mark.parametrize("other", [None, [], "evidence", {}])
def test_another_document_is_refused(other: object) -> None:
    with pytest.raises(NotEvidence, match="expected schema 1"):
        from_json(other)


def test_the_leader_has_the_best_mean_whether_it_is_better_or_not() -> None:
    evidence = found(-1.0, -0.2)
    assert evidence.leader is evidence.arms[2]
    assert evidence.comparison(evidence.arms[2]) is evidence.comparisons[1]
    assert evidence.comparison(evidence.baseline) is None
    assert found(1.0, missing=(0, 1, 2, 3)).leader is None
