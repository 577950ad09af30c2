"""Files that are written where others may have put something before, or will read later."""

import csv
import io
import stat
from pathlib import Path

import pytest

from rcnn_sweep.cli.verbs import predict
from rcnn_sweep.errors import UserError
from rcnn_sweep.prediction import FORMATS, Answer, Columns, Entry, destination, format_for
from rcnn_sweep.process import replacing, write_whole
from rcnn_sweep.report.page import write_page


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444])
def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path: Path, mode: int) -> None:
    target = tmp_path / "labels.csv"
    target.write_text("earlier")
    target.chmod(mode)
    with destination(target) as output:
        output.write(b"private")
    assert stat.S_IMODE(target.stat().st_mode) == mode
    write_page(target, "private")
    assert stat.S_IMODE(target.stat().st_mode) == mode


def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "precious"
    other.write_text("precious")
    target = tmp_path / "report.html"
    for name in ("report.html.partial", ".report.html.partial", "report.html"):
        (tmp_path / name).symlink_to(other)
    write_page(target, "a page")
    assert other.read_text() == "precious"
    assert (target.read_text(), target.is_symlink()) == ("a page", False)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    write_whole(tmp_path / "dangling", "x")
    assert not (tmp_path / "nowhere").exists()


def test_nobody_else_reads_a_file_while_it_is_written(tmp_path: Path) -> None:
    with replacing(tmp_path / "x") as file:
        [partial] = tmp_path.iterdir()
        assert stat.S_IMODE(partial.stat().st_mode) == 0o600
        file.write(b"x")


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", '="a"', "\n=1"]


def test_formulas_are_escaped_in_a_csv_where_that_is_asked() -> None:
    form = format_for(None, Path("x.csv"), escape_formulas=True)
    texts = [*FORMULAS, "a = b", "", "'quoted'"]
    columns = Columns(("text", "=1"))
    rows = [Entry(text, {"text": text, "=1": "@"}) for text in texts]
    written = form.head(columns) + form.rows(columns, rows, [Answer("=label", 0.5)] * 12).decode()
    rows = list(csv.DictReader(io.StringIO(written, newline="")))
    assert [row["text"] for row in rows] == [f"'{text}" for text in FORMULAS] + texts[-3:]
    assert {row["label"] for row in rows} == {"'=label"}
    assert {row["probability"] for row in rows} == {"0.5"}
    assert {row["'=1"] for row in rows} == {"'@"}
    plain = FORMATS["csv"].rows(
        Columns(("text",)), [Entry("=1", {"text": "=1"})], [Answer("a", 0.5)]
    )
    assert plain == b'"=1","a",0.5\n'
    with pytest.raises(UserError, match="--escape-formulas: expected --format csv"):
        format_for("jsonl", None, escape_formulas=True)
    with pytest.raises(UserError, match="--escape-formulas"):
        predict.main(["--escape-formulas", "a text"])
