import csv
import io
import json
from pathlib import Path

import pytest

from rcnn_sweep.errors import UserError
from rcnn_sweep.prediction import FORMATS, Answer, Columns, Entry, destination, format_for

HOSTILE = ["two\nlines", "a\rreturn", 'she said "no", then', "tab\there", "Grüße \x1b[31mred", ""]
LABELS = ["good", "bad"] * 3
PROBABILITIES = [0.1, 1 / 3, 0.5, 1.0, 0.9999999, 0.75]
COLUMNS = Columns(("text",), ("bad", "good"))


def entries(texts: list[str]) -> list[Entry]:
    return [Entry(text, {"text": text}) for text in texts]


def answers(count: int = len(HOSTILE)) -> list[Answer]:
    pairs = [*zip(LABELS, PROBABILITIES, strict=True), *[("good", 0.5)] * count][:count]
    return [Answer(label, value, (1 - value, value)) for label, value in pairs]


def test_csv_gives_every_text_and_number_back() -> None:
    form = FORMATS["csv"]
    written = form.head(COLUMNS) + form.rows(COLUMNS, entries(HOSTILE), answers()).decode()
    rows = list(csv.DictReader(io.StringIO(written, newline="")))
    assert [row["text"] for row in rows] == HOSTILE
    assert [row["label"] for row in rows] == LABELS
    assert [float(row["probability"]) for row in rows] == PROBABILITIES
    assert list(rows[0]) == ["text", "label", "probability", "bad", "good"]
    assert [float(row["good"]) for row in rows] == PROBABILITIES


def test_all_columns_are_kept_and_one_of_an_answers_name_is_not_overwritten() -> None:
    cells = {"id": 7, "label": "true", "more": None, "text": "a", "list": ["x"]}
    columns = Columns(tuple(cells), ("bad", "label"))
    asked = [("label", "predicted_label"), ("label", "predicted_predicted_label")]
    assert columns.renamed == asked
    rows = FORMATS["csv"].rows(columns, [Entry("a", cells)], [Answer("bad", 0.75, (0.75, 0.25))])
    assert rows.decode() == '7,"true","","a","[""x""]","bad",0.75,0.75,0.25\n'
    [told] = [
        FORMATS["jsonl"].rows(columns, [Entry("a", cells)], [Answer("bad", 0.75, (0.7, 0.3))])
    ]
    assert json.loads(told) == {
        **cells,
        **{"predicted_label": "bad", "probability": 0.75, "bad": 0.7},
        "predicted_predicted_label": 0.3,
    }


def test_a_row_with_a_column_that_the_first_had_not_is_a_mistake_in_csv_alone() -> None:
    columns = Columns(("text",))
    rows = [Entry("a", {"text": "a"}), Entry("b", {"text": "b", "more": 1}), Entry("c", {})]
    given = [Answer("good", 1.0)] * 3
    with pytest.raises(UserError, match=r"received one with more, too"):
        FORMATS["csv"].rows(columns, rows, given)
    assert FORMATS["csv"].rows(columns, rows[2:], given[:1]) == b'"","good",1.0\n'
    assert b'"more": 1, "label": "good"' in FORMATS["jsonl"].rows(columns, rows, given)


def test_json_lines_are_one_object_a_line() -> None:
    written = FORMATS["jsonl"].rows(COLUMNS, entries(HOSTILE), answers()).decode()
    rows = [json.loads(line) for line in written.removesuffix("\n").split("\n")]
    assert [(row["text"], row["probability"]) for row in rows] == list(
        zip(HOSTILE, PROBABILITIES, strict=True)
    )


def test_lines_for_people_are_one_a_text_without_control_characters() -> None:
    long = ["x" * 500, "word " * 100, "y" * 60]
    written = FORMATS["text"].rows(COLUMNS, entries(HOSTILE + long), answers(9))
    lines = written.decode().splitlines()
    assert lines[0] == "good\t0.1000\ttwo lines"
    assert lines[4] == "good\t1.0000\tGrüße [31mred"
    assert [len(line.split("\t")) for line in lines] == [3] * 9
    assert lines[6].endswith("x…")
    assert len(lines[6].split("\t")[2]) == 60
    assert lines[8].endswith("y" * 60)


def test_the_format_is_the_named_one_else_the_suffixes_else_text() -> None:
    assert format_for("text", Path("a.csv")) is FORMATS["text"]
    assert format_for(None, Path("a.jsonl")) is FORMATS["jsonl"]
    assert format_for(None, Path("a.txt")) is FORMATS["text"]
    assert format_for(None, None) is FORMATS["text"]


def test_a_file_takes_its_place_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "answers.csv"
    target.write_text("earlier")
    with pytest.raises(ValueError, match="midway"), destination(target) as output:
        output.write(b"half")
        raise ValueError("midway")
    assert target.read_text() == "earlier"
    with destination(target) as output:
        output.write(b"whole")
    assert target.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [target]
    with pytest.raises(UserError, match="No such file"), destination(tmp_path / "no" / "a.csv"):
        pass
