"""Scales put values where they belong and mark them with round numbers."""

import math
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image, ImageColor

from rcnn_sweep.drawing import Drawing, Line, learning_curves, main_range, scale_of, sheet_of
from rcnn_sweep.drawing.curves import apart
from rcnn_sweep.drawing.scales import Scale
from rcnn_sweep.drawing.style import INKS, PALETTE, RULES, colour, look_of, shapes_css
from rcnn_sweep.format import duration, metric, plain, signed
from rcnn_sweep.report.confusion import Confusion


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


def test_what_would_flatten_the_rest_is_held_at_the_end_of_its_scale() -> None:
    complete, pruned = [0.85, 0.86, 0.87, 0.87, 0.88, 0.5], [0.51, 0.845]
    low, high = main_range(complete, pruned, [0.88])
    assert (low, high) == (0.845, 0.88)
    scale = scale_of([low, high], 100, 0)
    assert [scale.held(value) for value in (0.51, 0.845, 0.88, 2.0)] == [
        *((100, -1), (100, 0)),
        *((0, 0), (0, 1)),
    ]
    assert main_range(complete, pruned, [0.5]) == (0.5, 0.88), "what must be seen is seen"
    assert main_range([0.5, 0.9], [], []) == (0.5, 0.9), "two values have no outlier"
    assert main_range([], [0.3, 0.4], []) == (0.3, 0.4)
    assert main_range([0.7, 0.7], [0.2], []) == (0.2, 0.7)


def test_labels_are_pushed_apart_but_not_out_of_the_plot() -> None:
    moved = apart({"a": 90.0, "b": 91.0, "c": 20.0}, 10, 95)
    assert moved == {"c": 20.0, "a": 85.0, "b": 95.0}


def test_a_diverged_run_can_be_drawn() -> None:
    curves = {"val_loss": [(1, 0.7), (2, math.nan), (3, math.inf)], "val_accuracy": [(1, math.nan)]}
    drawing = learning_curves([Line("run", "A", "c1", curves)])
    assert drawing is not None
    assert not re.findall(r"[ \",](?:nan|inf)", drawing.markup())
    assert drawing.markup().count("<circle") == 1


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


def pixel(png: Path, x: float, y: float) -> tuple[int, ...]:
    """The colour at a place of a drawing that was saved, with two pixels a unit."""
    return Image.open(png).convert("RGB").getpixel((round(2 * x), round(2 * y)))  # type: ignore[return-value]


def test_both_renderers_put_a_shape_at_its_place_in_its_colour(tmp_path: Path) -> None:
    drawing = Drawing(120, 60, title="Marks", description="Four of them.")
    drawing.circle(20, 40, 6, "complete", tip="a <tip>")
    drawing.diamond(50, 40, 8, "best")
    drawing.square(80, 40, 6, "baseline")
    drawing.line(100, 10, 100, 50, "strand best")
    drawing.text(5, 12, "$5 <b>", "mark")
    png = tmp_path / "marks.png"
    drawing.save_png(png)
    assert Image.open(png).size == (240, 120)
    for x, name in ((20, "dot"), (50, "best"), (80, "base"), (100, "best"), (110, "paper")):
        assert pixel(png, x, 40) == ImageColor.getrgb(colour(name))
    strokes = np.asarray(Image.open(png).convert("L"))
    assert strokes[0:28, 8:80].min() < 160 and strokes[30:50, :20].min() > 250  # the text's place
    markup = drawing.markup()
    assert '<circle class="complete" cx="20.0" cy="40.0" r="6.0">' in markup
    assert '<line class="strand best" x1="100.0" y1="10.0" x2="100.0" y2="50.0">' in markup
    assert "$5 &lt;b&gt;" in markup and "a &lt;tip&gt;" in markup


def test_a_picture_file_tells_what_it_shows(tmp_path: Path) -> None:
    drawing = Drawing(20, 10, title="Größe \N{EN DASH} 雪", description="Nothing.")
    drawing.text(2, 8, "雪")
    drawing.save_png(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.info["Title"] == drawing.title
        assert image.info["Description"] == "Nothing."
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_dashed_line_has_gaps_and_a_pale_one_lets_the_paper_through(tmp_path: Path) -> None:
    drawing = Drawing(60, 30, title="Lines", description="Two.")
    drawing.line(0, 10, 60, 10, "zero")
    drawing.path([(0, 20), (60, 20)], "strand pruned")
    drawing.save_png(tmp_path / "a.png")
    rows = np.asarray(Image.open(tmp_path / "a.png").convert("L")).astype(int)
    dashes = rows[19:22].min(axis=0)
    assert (dashes < 130).any() and (dashes > 250).any()
    edges = np.abs(np.diff((dashes < 180).astype(int))).sum()
    assert edges == pytest.approx(2 * 60 / 7, abs=2)  # 4 drawn, 3 left
    assert 140 < rows[39:42].min() < 220


def test_a_drawing_as_a_file_of_its_own_has_its_style_with_it(tmp_path: Path) -> None:
    drawing = Drawing(20, 10, title="<b>", description="One dot.")
    drawing.circle(5, 5, 2, "best")
    drawing.save_svg(tmp_path / "a.svg")
    root = ElementTree.parse(tmp_path / "a.svg").getroot()
    kinds = [element.tag.rpartition("}")[2] for element in root]
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert kinds == ["style", "title", "desc", "circle"]
    assert PALETTE["best"].light in str(root[0].text)


@pytest.mark.parametrize(
    ("low", "high", "whole", "expected"),
    [
        (0.0, 1.0, False, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.7, 0.82, False, [0.7, 0.725, 0.75, 0.775, 0.8]),
        (-3.0, 40.0, False, [0.0, 10.0, 20.0, 30.0, 40.0]),
        (1.0, 4.0, True, [1.0, 2.0, 3.0, 4.0]),
        (0.0, 12.0, True, [0.0, 5.0, 10.0]),
    ],
)
def test_marks_are_at_round_numbers(
    low: float, high: float, whole: bool, expected: list[float]
) -> None:
    scale = Scale(low, high, low, high, is_whole=whole)
    assert [place for place, _ in scale.ticks()] == pytest.approx(expected)


def test_marks_of_a_log_scale_are_fewer_between_the_powers_of_ten_the_more_it_holds() -> None:
    labels = [[mark for _, mark in Scale(1, high, 0, 1, is_log=True).ticks()] for high in (50, 1e4)]
    assert labels == [["1", "2", "5", "10", "20", "50"], ["1", "10", "100", "1000", "10000"]]


def test_a_page_of_one_drawing_is_complete_in_itself(tmp_path: Path) -> None:
    drawing = Drawing(20, 10, title="</title><script>", description="One dot.")
    drawing.circle(5, 5, 2, "best")
    drawing.save_html(tmp_path / "a.html")
    html = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<script" not in html
    assert not re.findall(r"url\(|@import|https?://", html)
    assert "prefers-color-scheme: dark" in html and PALETTE["best"].dark in html
    assert '<circle class="best"' in html


def test_a_look_is_merged_as_a_browser_does() -> None:
    assert look_of("", "best").fill == "best"
    strand = look_of("", "strand best")
    assert (strand.fill, strand.stroke, strand.width) == ("none", "best", 3)
    assert look_of("", "mark").size is None
    assert (look_of("text", "mark").fill, look_of("text", "").fill) == ("soft", "ink")
    names = [selector.count(".") + (selector[:4] == "text") for selector, _ in RULES]
    assert names == sorted(names)  # so that the order of the table is that of CSS


def test_every_colour_and_every_line_of_a_legend_is_in_the_style() -> None:
    used = [value for _, look in RULES for value in (look.fill, look.stroke) if value]
    assert set(used) - {"none"} <= PALETTE.keys()
    css = shapes_css()
    assert all(f".k.{kind} {{ color: var(--{name}); }}" in css for kind, name in INKS.items())
    assert "svg .strand.pruned { stroke: var(--faint); stroke-width: 1;" in css


def test_a_sheet_holds_its_drawings_row_by_row() -> None:
    dots = []
    for _ in range(3):
        dot = Drawing(100, 50, title="A dot", description="A dot.")
        dot.circle(10, 10, 2, "best")
        dots.append(dot)
    whole = sheet_of("Dots", dots, columns=2)
    places = [shape.centre for shape in whole.shapes if hasattr(shape, "centre")]
    (x, y), second, third = places
    assert second == (x + 118, y) and third == (x, y + 68)
    assert whole.width == 2 * 100 + 3 * 18
    assert third[1] + 40 < whole.height


def test_long_labels_of_curves_have_room() -> None:
    curves = {"loss": [(1, 0.7), (2, 0.5)], "accuracy": [(1, 0.5), (2, 0.6)]}
    lines = [Line(name, name, kind, curves) for name, kind in (("training", "c1"), ("v", "c0"))]
    drawing = learning_curves(lines, ("loss", "accuracy"))
    assert drawing is not None and drawing.height == 264
    words = {s.words: s.place for s in drawing.shapes if getattr(s, "words", "") == "training"}
    assert words["training"][0] + 6 * len("training") <= drawing.width
    names = [s.words for s in drawing.shapes if getattr(s, "kind", "") == "name"]
    assert names == ["epoch", "loss", "epoch", "accuracy"]
    assert learning_curves(lines, ("f1",)) is not None
    assert learning_curves([]) is None
