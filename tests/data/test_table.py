import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rcnn_sweep.data import SOURCES, TableConfig
from rcnn_sweep.data.corpus import Encoded
from rcnn_sweep.errors import DataError

Make = Callable[..., Encoded]
build = SOURCES["table"].build


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Encode rows of (text, label[, split]) as a table of JSON lines would be."""

    def make(rows: list[tuple[Any, ...]], **settings: Any) -> Encoded:
        names = ("text", "label", "part")
        lines = [json.dumps(dict(zip(names, row, strict=False))) for row in rows]
        path = tmp_path / "t.jsonl"
        path.write_text("\n".join(lines))
        return build(path, TableConfig(num_words=50, maxlen=4, **settings))

    return make


def rows(labels: list[Any], each: int = 4) -> list[tuple[Any, ...]]:
    return [(f"text {label} {n}", label) for n in range(each) for label in labels]


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["b", "a"], ("a", "b")),
        ([10, 9], ("9", "10")),
        (["10", "9"], ("9", "10")),
        ([1.0, 0.0], ("0", "1")),
        ([True, False], ("False", "True")),
        ([3.5, -1.5, 2], ("-1.5", "2", "3.5")),
        ([" b", "a "], ("a", "b")),
    ],
)
def test_label_names_are_sorted(make: Make, labels: list[Any], names: tuple[str, ...]) -> None:
    ours = make(rows(labels))
    assert ours.label_names == names
    assert sorted(set(ours.y_train)) == sorted(set(ours.y_test)) == list(range(len(names)))
    assert ours.y_train.dtype == np.int32
    assert ours.notes == ()


def test_labels_of_mixed_type_are_compared_as_text_with_a_note(make: Make) -> None:
    ours = make([(f"text {n}", [1, "1", 0, "0"][n % 4]) for n in range(16)])
    assert ours.label_names == ("0", "1")
    assert ours.notes == ("Labels are of mixed type (number, text) and are compared as text.",)


def test_incomplete_rows_are_dropped_and_counted(make: Make) -> None:
    bad = [(None, "a"), (float("nan"), "a"), ("x", None), ("x", " "), ("...", "a"), ("", "b")]
    ours = make([*rows(["a", "b"]), *bad], test_fraction=0.25)
    assert (len(ours.y_train), len(ours.y_test)) == (6, 2)
    assert ours.notes == (
        "Dropped 6 of 14 rows: 2 with no word in the text, 2 without label, 2 without text.",
    )


def test_split_column_decides_and_vocabulary_comes_from_training_alone(make: Make) -> None:
    given = [("a", 0, "Train"), ("a b", 1, " training "), ("c a", 0, "test"), ("d b", 1, "TESTING")]
    ours = make(given, split_column="part")
    assert ours.vocabulary is not None
    assert ours.vocabulary.words == ("a", "b")
    assert ours.x_test.tolist() == [[0, 1, 2, 4], [0, 1, 2, 5]]
    assert ours.y_test.tolist() == [0, 1]


def test_test_texts_seen_in_training_are_warned_of(make: Make) -> None:
    given = [("a", 0, "train"), ("b", 1, "train"), ("a", 0, "test"), ("c", 1, "test")]
    assert make(given, split_column="part").notes == (
        "1 of 2 test texts are also training texts, so the test score flatters the model.",
    )


@pytest.mark.parametrize(
    ("given", "settings", "cause"),
    [
        (rows(["a"]), {}, "two or more classes in the column label, received only 'a'"),
        ([("", "a"), (None, "b")], {}, "1 with no word in the text, 1 without text"),
        ([*rows(["a"]), ("x", "b")], {}, "at least 2 texts of each class .* received 1 of 'b'"),
        ([(f"t{n}", n) for n in range(9)], {}, "received 9 in 9 rows"),
        ([(n, "a") for n in range(9)], {}, "texts in the column text, received 0"),
        ([("a", [1])], {}, r"text, numbers or truth values, received \[1\]"),
        (
            [*((f"t{n}", n % 2, "train") for n in range(6)), ("v", 0, "val")],
            {"split_column": "part"},
            "train or test in the column part, received val",
        ),
        (
            [*((f"t{n}", n % 2, "train") for n in range(6)), ("v", 0)],
            {"split_column": "part"},
            "train or test in the column part, received none",
        ),
        (
            [(f"t{n}", n % 2, "train") for n in range(6)],
            {"split_column": "part"},
            "rows of test in data.split_column, received none",
        ),
        (
            [*((f"t{n}", 0, "train") for n in range(6)), ("v", 1, "test")],
            {"split_column": "part"},
            "each of 2 classes, received 0 of '1'",
        ),
        (
            rows(["a", "b"]),
            {"test_fraction": 1.5},
            "data.test_fraction: expected a fraction between 0 and 1",
        ),
    ],
)
def test_meaningless_table_is_refused(
    make: Make, given: list[tuple[Any, ...]], settings: dict[str, Any], cause: str
) -> None:
    with pytest.raises(DataError, match=cause):
        make(given, **settings)


def test_table_without_rows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("text,label\n")
    with pytest.raises(DataError, match="received no rows"):
        build(tmp_path / "t.csv", TableConfig())
