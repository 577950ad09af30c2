"""Calibration by hand and against scikit-learn, and its picture."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from rcnn_sweep.data import Split
from rcnn_sweep.drawing.shapes import Circle
from rcnn_sweep.metrics import brier
from rcnn_sweep.rcnn_text_model.text import Vocabulary
from rcnn_sweep.training import figures
from rcnn_sweep.training.calibration import calibration
from rcnn_sweep.training.mistakes import surest_mistakes


def test_confidence_beside_accuracy_by_hand() -> None:
    second = np.array([0.91, 0.93, 0.08, 0.56, 0.5])  # sure by .91, .93, .92, .56 and .5
    probabilities = np.stack([1 - second, second], axis=1)
    found = calibration(probabilities, np.array([1, 0, 0, 1, 1]))  # right, wrong, right, right,
    half, next_one, sure = found["bins"]  # and wrong: of equals the first is predicted
    assert half == {"low": 0.5, "high": 0.55, "count": 1, "confidence": 0.5, "accuracy": 0.0}
    assert (next_one["count"], next_one["accuracy"]) == (1, 1.0)
    assert (sure["low"], sure["high"]) == (pytest.approx(0.9), pytest.approx(0.95))
    assert (sure["count"], sure["confidence"]) == (3, pytest.approx(0.92))
    assert sure["accuracy"] == pytest.approx(2 / 3)
    error = (0.5 + 0.44 + 3 * (0.92 - 2 / 3)) / 5
    assert found["expected_calibration_error"] == pytest.approx(error)


def test_who_is_right_as_often_as_sure_has_a_small_error() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet((1, 1, 1), 40_000)
    truth = (probabilities.cumsum(axis=1) < rng.random((40_000, 1))).sum(axis=1)
    assert calibration(probabilities, truth)["expected_calibration_error"] < 0.01
    sharper = probabilities**3 / (probabilities**3).sum(axis=1, keepdims=True)
    assert calibration(sharper, truth)["expected_calibration_error"] > 0.1


@pytest.mark.parametrize("classes", [2, 4])
def test_the_brier_score_is_scikit_learns(classes: int) -> None:
    rng = np.random.default_rng(1)
    probabilities = rng.dirichlet(np.ones(classes), 200)
    truth = rng.integers(0, classes, 200)
    theirs = (
        brier_score_loss(truth, probabilities[:, 1])
        if classes == 2
        else brier_score_loss(truth, probabilities, labels=range(classes))
    )
    assert brier(probabilities, truth) == pytest.approx(theirs)


def test_the_diagram_has_a_dot_a_bin_that_grows_with_its_texts() -> None:
    second = np.array([0.99] * 50 + [0.6] * 2)
    found = calibration(np.stack([1 - second, second], axis=1), np.ones(52, int))
    drawing = figures.reliability(found)
    few, many = [shape for shape in drawing.shapes if isinstance(shape, Circle)][1:]
    assert few.radius < many.radius
    assert few.centre[0] < many.centre[0] and few.centre[1] == many.centre[1]


def test_the_surest_mistakes_come_first_with_the_words_that_the_network_sees() -> None:
    vocabulary = Vocabulary(("good", "film", "bad"), num_words=6, maxlen=400, unknown="oov")
    texts = ["good film", "bad film", "bad bad", " ".join(["good"] * 200)]
    rows = Split(vocabulary.encode(texts), np.array([1, 0, 0, 0], np.int32), np.array([3, 2, 1, 0]))
    dataset = SimpleNamespace(validation=rows, vocabulary=vocabulary, label_names=("no", "yes"))
    second = np.array([0.9, 0.6, 0.3, 0.1])  # of rows 3, 2, 1 and 0
    found = surest_mistakes(np.stack([1 - second, second], axis=1), dataset)
    assert [(own["row"], own["true"], own["predicted"]) for own in found] == [
        *((3, "no", "yes"), (0, "yes", "no"), (2, "no", "yes"))
    ]
    assert [own["probability"] for own in found] == pytest.approx([0.9, 0.9, 0.6])
    long, short, unknown = (own["text"] for own in found)
    assert short == "good film" and unknown == "· ·", "bad is beyond num_words"
    assert long.startswith("good good") and long.endswith("…") and len(long) == 300
    dataset.vocabulary = None
    assert surest_mistakes(np.array([[0.0, 1.0]] * 4), dataset)[0]["text"] is None
