import math

import pytest

from rcnn_sweep.reproduction.agreement import closing, compare, table, tolerances

THEN = {
    ("val_accuracy", 1): 0.8,
    ("train_loss", 1): 0.5,
    ("train_loss", 2): 0.4,
    ("test_roc_auc", 2): 0.9,
    ("parameters", 2): 300.0,
}


def test_on_the_same_machine_the_last_bit_counts() -> None:
    again = {**THEN, ("train_loss", 2): math.nextafter(0.4, 1)}
    rows = compare(THEN, again, {})
    assert [(row.metric, row.step) for row in rows if not row.agrees] == [("train_loss", 2)]
    assert [row.verdict for row in rows].count("equal") == 4
    assert "1 of 5 numbers do not agree exactly" in closing(rows, exactly=True)
    assert "all 5 numbers agree exactly" in closing(compare(THEN, THEN, {}), exactly=True)


def test_epochs_come_first_and_in_order() -> None:
    rows = compare(THEN, THEN, {})
    assert [(row.metric, row.step) for row in rows[:3]] == [
        ("train_loss", 1),
        ("val_accuracy", 1),
        ("train_loss", 2),
    ]
    lines = table(rows).splitlines()
    assert lines[0].split() == ["metric", "epoch", "recorded", "again"]
    assert lines[1].split() == ["train_loss", "1", "0.5", "0.5", "equal"]
    assert lines[-1].split()[:2] == ["test_roc_auc", "end"]


def test_another_machine_may_have_another_best_epoch_and_the_same_one_may_not() -> None:
    then = {**THEN, ("best_epoch", 0): 2.0}
    again = {**then, ("best_epoch", 0): 1.0}
    [row] = [row for row in compare(then, again, {}) if not row.agrees]
    assert closing([row], exactly=True).endswith("the first is best_epoch (at the end).")
    limits = tolerances(then, {"train": 100, "val": 100, "test": 100})
    assert all(row.agrees for row in compare(then, again, limits))


def test_a_number_that_does_not_come_out_again_is_a_difference() -> None:
    again = {key: value for key, value in THEN.items() if key[0] != "test_roc_auc"}
    rows = compare(THEN, {**again, ("val_f1_macro", 2): 0.1}, {})
    assert [row.metric for row in rows if not row.agrees] == ["test_roc_auc"]
    assert rows[-1].verdict == "missing"


def test_on_another_machine_small_sets_may_differ_more_and_sizes_not_at_all() -> None:
    limits = tolerances(THEN, {"train": 20_000, "val": 100, "test": 1_000_000})
    assert limits["val_accuracy"] == pytest.approx(3 * math.sqrt(0.8 * 0.2 / 100))
    assert limits["test_roc_auc"] == 0.02
    assert limits["train_loss"] == pytest.approx(0.05)
    assert "parameters" not in limits
    near = {**THEN, ("val_accuracy", 1): 0.9, ("train_loss", 1): 0.54}
    assert all(row.agrees for row in compare(THEN, near, limits))
    far = {**THEN, ("val_accuracy", 1): 0.93, ("parameters", 2): 301.0}
    apart = [row for row in compare(THEN, far, limits) if not row.agrees]
    assert [row.metric for row in apart] == ["val_accuracy", "parameters"]
    assert "beyond 0.12 (0.13)" in table(apart)
