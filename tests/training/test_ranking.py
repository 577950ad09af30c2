"""ROC and precision-recall curves against scikit-learn's, and their pictures."""

import json
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import (
    auc,
    average_precision_score,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

from rcnn_sweep import metrics
from rcnn_sweep.drawing.shapes import Path, Segment, Text
from rcnn_sweep.training import figures
from rcnn_sweep.training.ranking import MOST_CLASSES, MOST_POINTS, ranking, thinned

TRUTH = np.array([0, 0, 1, 1, 1, 0])


def two(*second: float) -> np.ndarray:
    return np.stack([1 - np.array(second), np.array(second)], axis=1)


def points(curve: dict[str, Any]) -> np.ndarray:
    return np.array(list(curve.values())).T


@pytest.mark.parametrize(
    "second",
    [
        (0.1, 0.7, 0.6, 0.4, 0.9, 0.2),
        (0.5, 0.5, 0.5, 0.5, 0.9, 0.1),  # ties across the classes
        (0.5, 0.5, 0.5, 0.5, 0.5, 0.5),
        (0.1, 0.2, 0.7, 0.8, 0.9, 0.3),  # perfect
        (0.9, 0.8, 0.1, 0.2, 0.3, 0.7),  # the wrong way round
    ],
)
def test_points_and_areas_are_scikit_learns(second: tuple[float, ...]) -> None:
    found = ranking(two(*second), TRUTH, ["bad", "good"])
    [own] = found["classes"]
    assert (found["positive"], own["name"], own["texts"], own["share"]) == ("good", "good", 3, 0.5)
    assert found["micro"] is None and found["left_out"] == []
    false_rate, true_rate, _ = roc_curve(TRUTH, second, drop_intermediate=False)
    assert points(own["roc"]) == pytest.approx(np.stack([false_rate, true_rate], 1), abs=1e-5)
    precision, recall, _ = precision_recall_curve(TRUTH, second)
    theirs = np.stack([recall, precision], axis=1)[::-1]
    assert points(own["precision_recall"]) == pytest.approx(theirs, abs=1e-5)
    assert own["roc_auc"] == found["roc_auc"] == pytest.approx(roc_auc_score(TRUTH, second))
    average = average_precision_score(TRUTH, second)
    assert own["average_precision"] == found["average_precision"] == pytest.approx(average)


def test_who_ranks_perfectly_goes_through_the_corner() -> None:
    [own] = ranking(two(0.1, 0.2, 0.7, 0.8, 0.9, 0.3), TRUTH, ["bad", "good"])["classes"]
    assert [0.0, 1.0] in points(own["roc"]).tolist()
    assert (own["roc_auc"], own["average_precision"]) == (1.0, pytest.approx(1.0))


@pytest.mark.parametrize("distance", [0.0, 1.0, 3.0, 30.0])
def test_few_of_many_points_keep_the_areas(distance: float) -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 25_000)
    second = (1 / (1 + np.exp(-rng.normal(distance * (truth - 0.5))))).astype(np.float32)
    found = ranking(two(*second), truth, ["bad", "good"])
    [own] = found["classes"]
    roc, steps = points(own["roc"]), points(own["precision_recall"])
    assert 20 < len(roc) <= MOST_POINTS and 20 < len(steps) <= MOST_POINTS
    assert roc[0].tolist() == [0, 0] and roc[-1].tolist() == [1, 1]
    assert steps[0].tolist() == [0, 1] and steps[-1] == pytest.approx([1, truth.mean()], abs=1e-5)
    assert own["roc_auc"] == pytest.approx(roc_auc_score(truth, second), abs=1e-9)
    assert auc(*roc.T) == pytest.approx(own["roc_auc"], abs=1e-3)
    kept = (np.diff(steps[:, 0]) * steps[1:, 1]).sum()
    assert kept == pytest.approx(own["average_precision"], abs=3e-3)
    assert len(json.dumps(found, indent=2)) < 25_000


def test_thinned_points_are_points_of_the_curve_and_equally_far_apart() -> None:
    along = np.linspace(0, 1, 1001) ** 4  # most of them near the beginning
    curve = np.stack([along, along], axis=1)
    kept = thinned(curve, 11)
    assert all(point in curve.tolist() for point in kept.tolist())
    assert np.diff(kept[:, 0]) == pytest.approx(np.full(10, 0.1), abs=0.005)
    assert thinned(curve[:11], 11) is not kept and len(thinned(curve[:11], 11)) == 11


@pytest.mark.parametrize("classes", [3, MOST_CLASSES, MOST_CLASSES + 1])
def test_of_several_classes_each_is_set_against_the_rest(classes: int) -> None:
    rng = np.random.default_rng(2)
    probabilities = rng.dirichlet(np.ones(classes), 300).astype(np.float32)
    truth = rng.integers(0, classes, 300)
    labels = [f"class {number}" for number in range(classes)]
    found = ranking(probabilities, truth, labels)
    assert found["positive"] is None and found["left_out"] == []
    for name in ("roc_auc", "average_precision"):
        score = metrics.scores()[name](probabilities, truth)
        assert found[name] == pytest.approx(score), name
    own_truth = np.eye(classes)[truth]
    micro = roc_auc_score(own_truth, probabilities, average="micro")
    assert found["micro"]["roc_auc"] == pytest.approx(micro)
    assert found["micro"]["share"] == pytest.approx(1 / classes)
    assert [own["name"] for own in found["classes"]] == (labels if classes <= 5 else [])
    for place, own in enumerate(found["classes"]):
        theirs = average_precision_score(truth == place, probabilities[:, place])
        assert own["average_precision"] == pytest.approx(theirs)
        assert own["texts"] == (truth == place).sum()


def test_a_class_that_the_split_lacks_is_left_out_and_named() -> None:
    rng = np.random.default_rng(3)
    probabilities = rng.dirichlet(np.ones(3), 60)
    truth = rng.choice([0, 2], 60)
    found = ranking(probabilities, truth, ["a", "b", "c"])
    assert found["left_out"] == ["b"]
    assert [own["name"] for own in found["classes"]] == ["a", "c"]
    means = [roc_auc_score(truth == place, probabilities[:, place]) for place in (0, 2)]
    assert found["roc_auc"] == pytest.approx(np.mean(means))
    assert np.isnan(metrics.roc_auc(probabilities, truth)), "the metric is of all classes or none"


@pytest.mark.parametrize("classes", [2, 3])
def test_of_one_class_alone_there_is_nothing_to_rank(classes: int) -> None:
    labels = ["a", "b", "c"][:classes]
    found = ranking(np.full((4, classes), 1 / classes), np.ones(4, int), labels)
    assert (found["roc_auc"], found["average_precision"]) == (None, None)
    assert found["classes"] == [] and found["micro"] is None
    assert found["left_out"] == (["b"] if classes == 2 else labels)


def test_too_many_decisions_have_no_micro_average(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    probabilities, truth = rng.dirichlet(np.ones(3), 50), np.arange(50) % 3
    monkeypatch.setattr("rcnn_sweep.training.ranking.MOST_DECISIONS", 149)
    found = ranking(probabilities, truth, ["a", "b", "c"])
    assert found["micro"] is None and len(found["classes"]) == 3


def test_the_pictures_have_a_curve_a_class_its_chance_and_its_area() -> None:
    rng = np.random.default_rng(5)
    probabilities, truth = rng.dirichlet(np.ones(3), 90), np.minimum(np.arange(90) % 4, 2)
    found = ranking(probabilities, truth, ["a" * 40, "b", "c"])
    micro = found["micro"]
    chances = ["zero", "zero c1", "zero c4"]  # the first and second class have as many texts
    for drawing, name, score, lines in (
        (figures.roc(found), "AUC", micro["roc_auc"], ["zero"]),
        (figures.precision_recall(found), "AP", micro["average_precision"], chances),
    ):
        kinds = [shape.kind for shape in drawing.shapes if isinstance(shape, Path)]
        assert sorted(kinds) == ["curve c1", "curve c2", "curve c3", "curve c4"]
        dashed = [s.kind for s in drawing.shapes if isinstance(s, Segment) and "zero" in s.kind]
        assert sorted(dashed) == lines
        names = [s.words for s in drawing.shapes if isinstance(s, Text) and name in s.words]
        assert names[0] == f"micro-average: {name} {score:.4f}"
        assert names[1].startswith("a" * 21 + "…: ")


def test_a_precision_holds_from_the_recall_before_it() -> None:
    found = ranking(two(0.9, 0.7, 0.6, 0.5), np.array([1, 0, 1, 0]), ["bad", "good"])
    drawing = figures.precision_recall(found)
    [path] = [shape for shape in drawing.shapes if isinstance(shape, Path)]
    dashed = [s for s in drawing.shapes if isinstance(s, Segment) and s.kind == "zero"]
    [(start, half)] = [(line.start, line.start[1]) for line in dashed]
    height = half - path.points[0][1]  # of half a share
    area = sum(
        (x - before) * (half - y) / height / 2 + (x - before) / 2
        for (before, _), (x, y) in zip(path.points, path.points[1:], strict=False)
    ) / (dashed[0].end[0] - start[0])
    assert area == pytest.approx(found["average_precision"], abs=1e-4)
