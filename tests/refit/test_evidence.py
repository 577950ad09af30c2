"""What counts as evidence when runs are missing, and how it is written down."""

import json
from dataclasses import replace

import numpy as np
import pytest
from simulated import arm, asked, refit

from rcnn_sweep.evidence.comparison import Measured, compare
from rcnn_sweep.evidence.document import as_json
from rcnn_sweep.evidence.evidence import Evidence
from rcnn_sweep.evidence.picture import intervals
from rcnn_sweep.evidence.text import about, as_text, details, sentence


def found(*gains: float, missing: tuple[int, ...] = (), seeds: int = 4) -> Evidence:
    """Evidence in which the last candidate lacks the runs of the seeds ``missing``."""
    truth, configs = refit(np.random.default_rng(0), gains, seeds=seeds)
    last = configs[-1]
    kept = {seed: run for seed, run in last.runs.items() if seed not in missing}
    return compare(asked(seeds), truth, [*configs[:-1], Measured(last.arm, kept)])


def document(evidence: Evidence) -> dict:
    sentences = [about(one, evidence) for one in evidence.comparisons]
    return json.loads(json.dumps(as_json(evidence, sentence(evidence), sentences), allow_nan=False))


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
    assert intervals(evidence).axes[0].get_yticklabels()[0].get_text() == "trial 1\nno verdict"


def test_a_candidate_without_a_verdict_does_not_hide_the_other() -> None:
    evidence = found(1.5, 1.5, missing=(0, 1, 2, 3), seeds=5)
    assert [one.verdict for one in evidence.comparisons] == ["better", "no verdict"]
    assert sentence(evidence) == "Better than the baseline: trial 1."
    assert len(list(details(evidence))) == 3


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
    axes = intervals(found(1.0, 0.0)).axes[0]
    assert [t.get_text().partition("\n")[0] for t in axes.get_yticklabels()] == [
        "trial 1",
        "trial 2",
    ]
    assert list(axes.lines[0].get_xdata()) == [0, 0]
