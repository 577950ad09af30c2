"""Scales put values where they belong and mark them with round numbers."""

import math
import re

import pytest

from rcnn_sweep.drawing.scales import scale_of
from rcnn_sweep.format import duration, metric, plain, signed
from rcnn_sweep.report.confusion import Confusion
from rcnn_sweep.report.curves import Line, apart, learning_curves


def test_a_log_scale_gives_equal_steps_to_equal_ratios() -> None:
    scale = scale_of([32, 64, 128], 0, 100, is_log=True)
    assert [scale(v) for v in (32, 64, 128)] == pytest.approx([0, 50, 100])
    assert [label for _, label in scale.ticks()] == ["50", "70", "100"]


def test_marks_of_whole_numbers_are_whole() -> None:
    labels = [label for _, label in scale_of([3, 4, 5], 0, 100, pad=0.05).ticks()]
    assert labels == ["3", "4", "5"]


def test_texts_and_truth_values_make_a_named_scale() -> None:
    scale = scale_of(["relu", None, "tanh", "relu"], 0, 90)
    assert [label for _, label in scale.ticks()] == ["None", "relu", "tanh"]
    assert [scale(v) for v in (None, "relu", "tanh")] == pytest.approx([15, 45, 75])


def test_one_value_lies_in_the_middle() -> None:
    assert scale_of([0.5, 0.5], 0, 100, pad=0.08)(0.5) == pytest.approx(50)
    assert scale_of([0.0], 0, 100)(0.0) == pytest.approx(50)


def test_labels_are_pushed_apart_but_not_out_of_the_plot() -> None:
    moved = apart({"a": 90.0, "b": 91.0, "c": 20.0}, 10, 95)
    assert moved == {"c": 20.0, "a": 85.0, "b": 95.0}


def test_a_diverged_run_can_be_drawn() -> None:
    curves = {"val_loss": [(1, 0.7), (2, math.nan), (3, math.inf)], "val_accuracy": [(1, math.nan)]}
    drawing = learning_curves([Line("run", "A", "c1", curves)])
    assert drawing is not None
    assert not re.findall(r"[ \",](?:nan|inf)", drawing)
    assert drawing.count("<circle") == 1


def test_the_interval_of_an_accuracy_is_wilsons() -> None:
    low, high = Confusion(("a", "b"), ((2199, 301), (318, 2182))).interval
    assert (low, high) == pytest.approx((0.866788, 0.885050), abs=1e-5)


def test_what_is_no_confusion_matrix_is_none() -> None:
    for wrong in ({}, {"labels": ["a"], "matrix": [[1, 2]]}, {"labels": [], "matrix": []}, [1]):
        assert Confusion.of(wrong) is None  # type: ignore[arg-type]


def test_of_many_classes_the_most_frequent_confusions_are_shown() -> None:
    matrix = tuple(
        tuple(9 if i == j else int(j == i + 1) * i for j in range(30)) for i in range(30)
    )
    confusion = Confusion(tuple(f"c{i}" for i in range(30)), matrix)
    assert not confusion.is_shown
    assert confusion.worst[:2] == [("c28", "c29", 28), ("c27", "c28", 27)]


def test_numbers_are_written_for_people() -> None:
    minus = "\N{MINUS SIGN}"
    assert [metric(v) for v in (0.88314, 303935.0, 2e-5, -0.5)] == [
        *("0.8831", "303,935", f"2e{minus}05", f"{minus}0.5000")
    ]
    assert [signed(v) for v in (0.01, -0.01)] == ["+0.0100", f"{minus}0.0100"]
    assert [duration(s) for s in (None, 59.96, 61, 3600)] == [
        *("\N{EN DASH}", "60.0 s", "1 min 1 s", "1 h 0 min")
    ]
    assert plain("postgresql://me:secret@host/db") == "postgresql://me:***@host/db"
