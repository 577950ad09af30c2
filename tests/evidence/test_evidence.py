"""What counts as evidence when runs are missing, and how it is written down."""

import json
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from made_study import evidence as recorded_before
from simulated import arm, asked, refit

from rcnn_sweep.drawing import Drawing
from rcnn_sweep.drawing.shapes import Box, Circle, Text
from rcnn_sweep.evidence.comparison import Measured, Predicted, compare
from rcnn_sweep.evidence.document import NotEvidence, as_json, from_json
from rcnn_sweep.evidence.evidence import Evidence, Look, claim_level, looked
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
    assert [one.verdict for one in evidence.rivals] == ["no verdict"]
    assert list(details(evidence))[:2] == [
        "trial 1 differs from the baseline in conv.filters=1.",
        "trial 2 differs from the baseline in conv.filters=2.",
    ]
    assert len(list(details(evidence))) == 5


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
    assert "line: 98.48 % interval" in texts(draw_evidence(by_f1))[-1]


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
        (lambda d: d.update(schema=3), "schema 1 or 2; received 3"),
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
    with pytest.raises(NotEvidence, match="expected schema 1 or 2"):
        from_json(other)


def test_the_leader_has_the_best_mean_whether_it_is_better_or_not() -> None:
    evidence = found(-1.0, -0.2)
    assert evidence.leader is evidence.arms[2]
    assert evidence.comparison(evidence.arms[2]) is evidence.comparisons[1]
    assert evidence.comparison(evidence.baseline) is None
    assert found(1.0, missing=(0, 1, 2, 3)).leader is None


def against_plain(seeds: int = 4) -> Evidence:
    """Evidence with a strong and a weak plain reference, which know of no seed."""
    truth, configs = refit(np.random.default_rng(0), (0.0,), seeds=seeds)
    wrong = {"strong": 20, "weak": 200}
    plain = []
    for name, count in wrong.items():
        said = truth.copy()
        said[:count] = 1 - said[:count]
        run = Predicted(f"run of {name}", said)
        plain.append(Measured(arm(name, -2), dict.fromkeys(range(seeds), run)))
    return compare(asked(seeds), truth, configs, references=plain)


def test_every_network_is_compared_with_every_reference_on_the_same_texts() -> None:
    evidence = against_plain()
    pairs = {(one.arm.name, one.against): one for one in evidence.measured}
    assert list(pairs) == [
        *(("baseline", "strong"), ("trial 1", "strong")),
        *(("baseline", "weak"), ("trial 1", "weak")),
    ]
    strong, weak = evidence.references
    assert strong.scores["accuracy"].values == (0.95,) * 4 and strong.scores["accuracy"].std == 0
    assert weak.scores["accuracy"].mean == pytest.approx(0.5)
    for (name, against), one in pairs.items():
        own = next(judged for judged in evidence.arms if judged.arm.name == name)
        reference = strong if against == "strong" else weak
        assert one.judged is not None and one.judged.errors is not None
        assert one.judged.mean == pytest.approx(
            own.scores["accuracy"].mean - reference.scores["accuracy"].mean
        )
        assert one.judged.std == pytest.approx(own.scores["accuracy"].std), "its seeds alone vary"
        assert one.judged.errors.from_texts > 0
        assert one.verdict == ("worse" if against == "strong" else "better")
        level = claim_level(4, 1)
        assert one.judged.simultaneous == one.judged.errors.interval(one.judged.mean, level)
    assert evidence.comparisons[0].judged is not None
    assert evidence.level == claim_level(1, 1), "the candidates' claims are a family of their own"
    assert evidence.sentence.endswith(
        "Against the plain references: baseline and trial 1 are worse than strong; "
        "baseline and trial 1 are better than weak."
    )
    assert evidence.measured[1].sentence.startswith("trial 1 against strong: worse than strong, -")
    lines = [line for line in as_text(evidence).splitlines() if "trial 1 - strong " in line]
    assert len(lines) == 1 and lines[0].endswith(": worse")
    assert from_json(document(evidence)) == evidence


def test_candidates_are_compared_with_each_other_too() -> None:
    evidence = found(1.0, 0.5, -1.0)
    pairs = [(one.arm.name, one.against) for one in evidence.rivals]
    ahead, behind = ("trial 1", "trial 1", "trial 2"), ("trial 2", "trial 3", "trial 3")
    assert pairs == list(zip(ahead, behind, strict=True))
    for one in evidence.rivals:
        own, other = (
            next(judged for judged in evidence.arms if judged.arm.name == name)
            for name in (one.arm.name, one.against)
        )
        assert one.judged is not None and one.judged.errors is not None
        expected = own.scores["accuracy"].mean - other.scores["accuracy"].mean
        assert one.judged.mean == pytest.approx(expected)
        assert one.judged.simultaneous == one.judged.errors.interval(
            one.judged.mean, claim_level(3, 1)
        )
    assert evidence.sentence.endswith(
        "Among each other: trial 1 is not visibly different from trial 2; "
        "trial 1 and trial 2 are better than trial 3."
    )
    lines = [line for line in as_text(evidence).splitlines() if "trial 2 - trial 3 " in line]
    assert len(lines) == 1 and lines[0].endswith(": better")
    assert "corrected for 3 comparisons" in evidence.rivals[0].sentence
    assert from_json(document(evidence)) == evidence
    alone = found(1.0)
    assert alone.rivals == () and "Among" not in alone.sentence


def test_a_network_no_different_from_a_reference_is_rarely_said_to_be() -> None:
    """The reference has no seeds: the network's and the texts are all that vary."""
    claims = 0
    for place in range(200):
        rng = np.random.default_rng(place)
        truth = rng.integers(0, 2, 300)
        wrong = rng.random((5, 300)) > 0.8 + rng.normal(0, 0.02, (5, 1))
        rows = np.where(wrong, 1 - truth, truth)
        said = np.where(rng.random(300) > 0.8, 1 - truth, truth)
        runs = {seed: Predicted(str(seed), row) for seed, row in enumerate(rows)}
        plain = Measured(arm("plain", -2), dict.fromkeys(range(5), Predicted("run", said)))
        both = [Measured(arm("baseline", 0), runs), Measured(arm("trial 1", 1), runs)]
        one, _ = compare(asked(5), truth, both, references=[plain]).measured
        claims += one.verdict != "no evidence of a difference"
    assert claims <= 8  # 1.5 % of 200 are 3, and more than 8 come by luck in 1 of 250 cases


def test_a_look_with_other_seeds_or_candidates_is_a_new_one_and_the_same_again_is_not() -> None:
    five, ten, more = Look(5, (1,), 5), Look(10, (1,), 10), Look(10, (1, 2), 20)
    assert looked([], five) == ((five,), 1)
    assert looked([five], five) == ((five,), 1)
    assert looked([five], ten) == ((five, ten), 2)
    assert looked([five, ten], five) == ((five, ten), 1)
    assert looked([five, ten], more) == ((five, ten, more), 3)
    truth, configs = refit(np.random.default_rng(0), (0.3,), seeds=4)
    first = compare(asked(4), truth, configs)
    third = compare(asked(4), truth, configs, before=[five, ten])
    assert (first.look, third.look) == (1, 3)
    assert "look" not in as_text(first).replace("next look", "")
    assert "This is look 3 at this refit (seeds: 5, 10, 4)." in as_text(third)
    assert from_json(document(third)) == third
    both = [evidence.comparisons[0].judged for evidence in (first, third)]
    assert both[0] is not None and both[1] is not None
    assert both[1].simultaneous[0] < both[0].simultaneous[0]


def test_what_could_have_been_seen_is_told() -> None:
    [one] = found(0.05).comparisons
    assert one.verdict == "no evidence of a difference" and one.judged is not None
    assert one.judged.smallest is not None and one.judged.smallest > abs(one.judged.mean)
    told = f"(with a power of 80 %) is {100 * one.judged.smallest:.2f} points; for the one seen"
    assert told in one.sentence


def test_evidence_of_an_earlier_version_is_read() -> None:
    read = from_json(recorded_before("study", "its run", ["a", "b"]))
    [one] = read.comparisons
    assert one.judged is not None and one.verdict == "better"
    assert (one.judged.p, one.judged.p_corrected, one.judged.errors) == (0.01, 0.01, None)
    assert (one.judged.smallest, one.mcnemar_p_corrected) == (None, 0.01)
    assert one.against == "baseline" and read.references == read.measured == ()
    assert (read.looks, read.look, read.level) == ((Look(2, (1,), 2),), 1, 0.95)
    assert from_json(document(read)) == read
    assert texts(draw_intervals(read, "accuracy"))
