import bz2
import csv
import gzip
import io
import json
import lzma
import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from rcnn_sweep.data.sources import table_file
from rcnn_sweep.data.sources.table_file import read_columns
from rcnn_sweep.errors import DataError

VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)
ROWS = st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=6)
COLUMNS = ("text", "label")


def as_bytes(kind: str, rows: list[tuple[str, str]]) -> bytes:
    if kind == "parquet":
        sink = io.BytesIO()
        parquet.write_table(
            pyarrow.table({"label": [b for _, b in rows], "text": [a for a, _ in rows]}), sink
        )
        return sink.getvalue()
    if kind == "jsonl":
        return "".join(json.dumps({"label": b, "text": a}) + "\n" for a, b in rows).encode()
    sink_text = io.StringIO(newline="")
    writer = csv.writer(sink_text, delimiter="," if kind == "csv" else "\t")
    writer.writerow(("text", "more", "label"))
    writer.writerows((a, "x", b) for a, b in rows)
    return sink_text.getvalue().encode()


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet"])
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=ROWS)
def test_what_was_written_is_read(tmp_path: Path, kind: str, rows: list[tuple[str, str]]) -> None:
    path = tmp_path / f"t.{kind}"
    path.write_bytes(as_bytes(kind, rows))
    read = read_columns(path, COLUMNS)
    assert read.columns == {"text": [a for a, _ in rows], "label": [b for _, b in rows]}
    assert read.notes == ()


@pytest.mark.parametrize(("suffix", "pack"), [("gz", gzip), ("bz2", bz2), ("xz", lzma)])
def test_compressed_tables_are_read(tmp_path: Path, suffix: str, pack: Any) -> None:
    path = tmp_path / f"t.CSV.{suffix}"
    path.write_bytes(pack.compress(b"text,label\nNA,null\n"))
    assert read_columns(path, COLUMNS).columns == {"text": ["NA"], "label": ["null"]}


def test_types_of_json_and_parquet_are_kept(tmp_path: Path) -> None:
    (tmp_path / "t.ndjson").write_text('{"text": "2020-01-01", "label": true}\n\n{"text": "b"}\n')
    columns = read_columns(tmp_path / "t.ndjson", COLUMNS).columns
    assert columns == {"text": ["2020-01-01", "b"], "label": [True, None]}
    table = pyarrow.table(
        {"text": ["a", None], "label": pyarrow.array(["x", "y"]).dictionary_encode()}
    )
    parquet.write_table(table, tmp_path / "t.parquet")
    columns = read_columns(tmp_path / "t.parquet", COLUMNS).columns
    assert columns == {"text": ["a", None], "label": ["x", "y"]}


def test_empty_and_absent_fields_are_missing(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbftext,label\r\n,pos\r\nfine\r\n\r\na,b\r\n")
    columns = read_columns(tmp_path / "t.csv", COLUMNS).columns
    assert columns == {"text": [None, "fine", "a"], "label": ["pos", None, "b"]}


def test_line_of_five_megabytes_is_read(tmp_path: Path) -> None:
    long = "word " * 1_000_000
    (tmp_path / "t.csv").write_text(f'text,label\n"{long}",a\n')
    assert read_columns(tmp_path / "t.csv", COLUMNS).columns["text"] == [long]
    assert csv.field_size_limit() == 131072


def test_undecodable_bytes_are_replaced_and_counted(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"text,label\ncaf\xe9,\xff\n\xef\xbf\xbd,b\n")
    read = read_columns(tmp_path / "t.csv", COLUMNS)
    assert read.columns["text"] == ["caf\ufffd", "\ufffd"]
    assert read.notes == ("2 byte sequences were not UTF-8 and were replaced.",)


def test_missing_column_gives_the_nearest_and_all(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,texts,class\n1,a,b\n")
    with pytest.raises(DataError) as caught:
        read_columns(tmp_path / "t.csv", COLUMNS)
    assert "Expected a column text in" in str(caught.value)
    assert "found id, texts, class (did you mean texts?)" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "cause"),
    [
        ("t.xlsx", b"", r"Expected a table in \.csv"),
        ("t", b"", r"Expected a table in \.csv"),
        ("t.csv", b"", "found no columns"),
        ("t.csv", b"text,label\na,b,c\n", "line 2 has 3 fields, the header 2"),
        ("t.csv", b'text,label\n"a,b\n', "unexpected end of data"),
        ("t.csv.gz", b"plain", "Not a gzipped file"),
        ("t.csv.gz", gzip.compress(b"text,label\n" * 99, mtime=0)[:-20], "Compressed file ended"),
        ("t.csv.xz", b"plain", "Input format not supported"),
        ("t.jsonl", b'{"text": 1}\n{"te', r"line 2 is not JSON"),
        ("t.jsonl", b"[1]\n", r"line 1 is not a JSON object"),
        ("t.jsonl", b"[" * 100_000, r"line 1 is not JSON"),
        ("t.parquet", b"PAR1 not really", r"a well-formed table in .*t\.parquet"),
    ],
)
def test_file_that_is_no_table_is_refused(
    tmp_path: Path, name: str, content: bytes, cause: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=cause):
        read_columns(tmp_path / name, COLUMNS)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_end_as_any_system_ends_them(tmp_path: Path, end: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(f'text,label{end}one,a{end}"two{end}{end}lines",b{end}three,c'.encode())
    found = read_columns(path, COLUMNS).columns
    assert found == {"text": ["one", f"two{end}{end}lines", "three"], "label": ["a", "b", "c"]}


def big(path: Path, kind: str) -> int:
    """Write a table of 20,000 reviews; gives its bytes, before compression."""
    rows = [(f"{number} " + "a good film " * 20, "ab"[number % 2]) for number in range(20_000)]
    content = as_bytes(kind, rows)
    path.write_bytes(content)
    return sum(len(text) + len(label) + 4 for text, label in rows)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_table_is_never_held_beside_its_texts(tmp_path: Path, kind: str) -> None:
    size = big(path := tmp_path / f"t.{kind}", kind)
    read_columns(path, COLUMNS)  # its imports
    tracemalloc.start()
    found = read_columns(path, COLUMNS)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found.columns["text"]) == 20_000
    assert peak < 2 * size


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "csv.gz"])
def test_a_table_beyond_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    size = big(path := tmp_path / f"t.{kind}", kind.removesuffix(".gz"))
    if kind.endswith(".gz"):
        path.write_bytes(gzip.compress(path.read_bytes()))
    monkeypatch.setattr(table_file, "free_memory", lambda: 2 * size if kind != "parquet" else 10**4)
    with pytest.raises(
        DataError, match=r"(?s)fits into this machine's memory; .*Give a part of its"
    ):
        read_columns(path, COLUMNS)
    monkeypatch.setattr(table_file, "free_memory", lambda: 4 * size)
    assert len(read_columns(path, COLUMNS).columns["label"]) == 20_000
