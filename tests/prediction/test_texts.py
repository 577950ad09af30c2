import os
import threading
import time
from pathlib import Path

import pandas as pd
import pytest

from rcnn_sweep.errors import UserError
from rcnn_sweep.prediction import (
    Entry,
    Reading,
    arguments,
    arriving,
    batches,
    from_file,
    lines,
    texts,
)

TEXTS = ["plain", "with, comma", 'and "quotes"', "two\nlines", "Grüße", ""]


def test_every_kind_of_table_gives_the_same_texts(tmp_path: Path) -> None:
    frame = pd.DataFrame({"number": range(len(TEXTS)), "review": TEXTS})
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_csv(tmp_path / "t.tsv", index=False, sep="\t")
    frame.to_json(tmp_path / "t.jsonl", orient="records", lines=True)
    frame.to_parquet(tmp_path / "t.parquet")
    for suffix in ("csv", "tsv", "jsonl", "parquet"):
        found = list(from_file(tmp_path / f"t.{suffix}", "review"))
        assert [entry.text for entry in found] == TEXTS, suffix
        assert [list(entry.cells) for entry in found] == [["number", "review"]] * len(TEXTS)
        assert [int(entry.cells["number"]) for entry in found] == list(range(len(TEXTS)))


def test_a_file_of_lines_keeps_empty_ones_and_drops_line_ends_and_the_mark(tmp_path: Path) -> None:
    file = tmp_path / "t.txt"
    file.write_bytes(b"\xef\xbb\xbfone\r\n\ntwo\x0bstill two\nlast")
    told = Reading()
    found = [entry.text for entry in from_file(file, None, told)]
    assert found == ["one", "", "two\x0bstill two", "last"]
    assert told.done == told.total == file.stat().st_size


def test_texts_come_in_batches_limited_by_number_and_by_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(texts, "BATCH_TEXTS", 3)
    monkeypatch.setattr(texts, "BATCH_CHARACTERS", 10)
    given = ["a", "b", "c", "d", "x" * 10, "e", None, None, "f"]
    entries = [text and Entry(text, {"text": text}) for text in given]
    found = [[entry.text for entry in batch] for batch in batches(entries)]
    assert found == [["a", "b", "c"], ["d", "x" * 10], ["e"], ["f"]]
    assert list(batches([])) == []


def test_a_silent_pipe_gets_its_answers_at_once() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"one\ntwo\nthr")
    found = batches(arriving(reading, "standard input"))
    started = time.monotonic()
    assert [entry.text for entry in next(found)] == ["one", "two"]
    assert time.monotonic() - started < 5
    threading.Timer(0.3, lambda: (os.write(writing, b"ee\n"), os.close(writing))).start()
    assert [[entry.text for entry in batch] for batch in found] == [["three"]]
    os.close(reading)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.txt", b"fine\nna\xefve\n", r"t\.txt, line 2: expected UTF-8; received the byte 0xef"),
        ("t.csv", b"text\nfine\nna\xefve\n", r"line 3: expected UTF-8"),
        ("t.csv", b"words\nfine\n", r"expected a column text; found words"),
        ("t.csv", b"text,n\na,1\nb,c,2\n", r"line 3: expected 2 fields.*received 3"),
        ("t.csv", b'text\n"never ends\n', r"line 2: expected a table"),
        ("t.jsonl", b'{"text": "a"}\n{"text": 7}\n', r"line 2: expected a text; received 7"),
        ("t.jsonl", b'{"text": null}\n', r"received null"),
        ("t.jsonl", b'{"text": "\\ud800"}\n', r"half a character"),
        ("t.jsonl", b'{"text": \n', r"line 1: expected a JSON object"),
        ("t.jsonl", b'{"txet": "a"}\n', r"Did you mean txet"),
        ("t.parquet", b"no parquet at all", r"expected a Parquet file"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=said):
        list(from_file(tmp_path / name, None))


def test_a_line_without_end_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "LONGEST_LINE", 1000)
    file = tmp_path / "t.txt"
    file.write_bytes(b"short\n" + b"x" * 5000)
    with pytest.raises(UserError, match="line 2: expected at most"):
        list(from_file(file, None))
    with file.open("rb") as stream, pytest.raises(UserError, match="line 2: expected at most"):
        list(arriving(stream.fileno(), "standard input"))


def test_missing_files_and_undecodable_arguments_are_mistakes(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        list(from_file(tmp_path / "t.txt", None))
    with pytest.raises(UserError, match="expected a table"):
        list(from_file(tmp_path / "t.txt", "text"))
    with pytest.raises(UserError, match="TEXT 2: expected UTF-8"):
        list(arguments(["fine", os.fsdecode(b"na\xefve")]))
