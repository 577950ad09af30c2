"""Tables of others: headers, labels and bytes that nobody expected."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from small import examples

from rcnn_sweep.data import TableConfig, load
from rcnn_sweep.data.sources import table_file
from rcnn_sweep.data.sources.table_file import read_columns
from rcnn_sweep.errors import DataError, UserError
from rcnn_sweep.prediction import from_file
from rcnn_sweep.process import printable
from rcnn_sweep.training.evaluation import AVERAGES, evaluate
from rcnn_sweep.training.terminal import closing_lines

Say = Callable[[str], None]
ROWS = "".join(f"a fine film {n},{'good' if n % 2 else 'bad'},{n}\n" for n in range(20))


def twice(path: Path) -> Path:
    """A table with two columns called text."""
    if path.suffix == ".parquet":
        columns = [pyarrow.array(["a b"] * 4), pyarrow.array(["c"] * 4), pyarrow.array(["x"] * 4)]
        parquet.write_table(pyarrow.table(columns, names=["text", "text", "label"]), path)
    else:
        separator = "\t" if path.suffix == ".tsv" else ","
        path.write_text("text,text,label\na b,c,x\n".replace(",", separator))
    return path


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.parquet"])
def test_a_column_that_is_there_twice_is_refused(tmp_path: Path, name: str) -> None:
    path = twice(tmp_path / name)
    with pytest.raises(DataError, match=r"Expected one column text in .*found 2"):
        read_columns(path, ["text", "label"])
    with pytest.raises(UserError, match="expected one column text; found 2"):
        list(from_file(path, "text"))
    assert read_columns(path, ["label"]).columns["label"]  # of the others it does not matter


def test_half_a_character_in_a_label_is_refused_before_training(tmp_path: Path, say: Say) -> None:
    path = tmp_path / "t.jsonl"
    rows = [{"text": f"film {n}", "label": "a\ud800" if n % 2 else "b"} for n in range(20)]
    path.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(DataError, match="half a character"):
        load(TableConfig(path=str(path)), say=say)


ESCAPES = "\x1b]0;owned\x07\x1b[31m\x9b2J\u202e\r"


def test_headers_and_labels_do_nothing_to_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f'"a{ESCAPES}",b\n1,2\n', newline="")
    with pytest.raises(DataError) as caught:
        read_columns(path, ["text"])
    evaluation = evaluate(np.eye(2), np.arange(2), [f"good{ESCAPES}", "bad"])
    for said in (str(caught.value), closing_lines("test", evaluation)):
        assert not set(ESCAPES) & set("\x1b\x07\x9b\u202e\r") & set(said)
        assert "owned" in said
    assert printable("a\tb\nä €") == "a\tb\nä €"


@pytest.mark.parametrize("verb", [(), ("-m",)])
def test_a_header_reaches_the_terminal_of_the_command_without_its_escapes(
    command: Callable[..., Any], tmp_path: Path, verb: tuple[str, ...]
) -> None:
    (tmp_path / "t.csv").write_text(f'"a{ESCAPES}",b\n1,2\n', newline="")
    done = command(*verb, "data=table", "data.path=t.csv")
    assert done.returncode == 2
    assert "owned" in done.stderr
    assert not set("\x1b\x07\x9b\u202e") & set(done.stderr + done.stdout)


def test_a_class_with_the_name_of_an_average_stays_in_the_report() -> None:
    labels = ["accuracy", "macro avg", "accuracy (class)", "good"]
    report = evaluate(np.eye(4), np.arange(4), labels).report
    assert report["accuracy"] == 1.0
    assert report["accuracy (class) (class)"]["support"] == 1
    assert report["macro avg (class)"]["support"] == 1
    assert report["accuracy (class)"]["support"] == 1
    assert set(AVERAGES) - {"micro avg"} < set(report)
    assert len(report) == 7


def test_what_is_packed_does_not_unpack_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_file, "MAX_UNPACKED", 1000)
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"text,label\n" + b"a" * 10_000))
    with pytest.raises(DataError, match="unpacks to more than 1,000 bytes"):
        read_columns(path, ["text"])


PIECES = st.sampled_from(
    [b"text", b"label", b",", b"\t", b'"', b"\n", b"\r", b"{", b"}", b":", b"[", b"null", b"1e999"]
)
BYTES = st.lists(PIECES | st.binary(max_size=4), max_size=25).map(b"".join)


@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(BYTES)
@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.jsonl", "t.parquet", "t.csv.gz", "t.csv.xz"])
def test_any_bytes_are_a_table_or_refused(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    for written in (content, gzip.compress(content)) if name.endswith("gz") else (content,):
        path.write_bytes(written)
        try:
            read = read_columns(path, ["text", "label"])
        except DataError:
            continue
        assert len(read.columns["text"]) == len(read.columns["label"])
    if not name.endswith(("gz", "xz")):
        try:
            assert all(type(entry.text) is str for entry in from_file(path, "text") if entry)
        except UserError:
            return


@pytest.mark.slow
@settings(
    max_examples=examples(8),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.integers(0, 2000), st.binary(min_size=1, max_size=4))
def test_a_parquet_file_with_other_bytes_in_it_is_read_or_refused(
    tmp_path: Path, place: int, other: bytes
) -> None:
    path = tmp_path / "t.parquet"
    damage(path, place, other)
    for read in (read_columns(path, ["text", "label"]) for _ in range(1)), from_file(path, None):
        try:
            list(read)
        except UserError as error:
            assert "t.parquet" in str(error)


def damage(path: Path, place: int, other: bytes) -> None:
    """Write a Parquet file of 40 rows, and other bytes into it."""
    table = pyarrow.table({"text": ["a b", "c"] * 20, "label": ["x", "y"] * 20})
    parquet.write_table(table, path)
    content = bytearray(path.read_bytes())
    start = place % len(content)
    content[start : start + len(other)] = other
    path.write_bytes(content)


def test_a_parquet_file_that_ends_its_reader_is_refused(tmp_path: Path) -> None:
    """Arrow aborts at it, and the whole process with it."""
    path = tmp_path / "t.parquet"
    damage(path, 185, b"\x00")
    with pytest.raises(DataError, match=r"t\.parquet.*ends its reader"):
        read_columns(path, ["text", "label"])
    with pytest.raises(UserError, match=r"t\.parquet.*ends its reader"):
        list(from_file(path, None))
