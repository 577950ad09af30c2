"""The drawings of ROC and precision-recall curves: no words over words, none outside."""

from collections.abc import Callable
from itertools import combinations, pairwise

import pytest

from rcnn_sweep.drawing import (
    Drawing,
    RankingCurves,
    precision_recall_diagram,
    roc_diagram,
)
from rcnn_sweep.drawing.shapes import Path, Text

LETTER, HEIGHT = 7.0, 12.0
"""A letter's room, more than it has on average, and that of a line."""


def curves(names: list[str]) -> list[RankingCurves]:
    corner = [(0.0, 0.0), (0.0, 0.5), (1.0, 1.0)]
    falling = [(0.0, 1.0), (0.5, 1.0), (1.0, 0.4)]
    return [
        RankingCurves(name, f"c{n}", 0.4, 0.75, 0.7, corner, falling)
        for n, name in enumerate(names)
    ]


def box(text: Text) -> tuple[float, float, float, float]:
    width = LETTER * len(text.words)
    left = text.place[0] - {"start": 0, "middle": width / 2, "end": width}[text.anchor]
    return left, left + width, text.place[1] - HEIGHT + 2, text.place[1] + 2


@pytest.mark.parametrize("draw", [roc_diagram, precision_recall_diagram])
@pytest.mark.parametrize("count", [1, 2, 6])
def test_no_words_lie_over_others_or_outside(
    draw: Callable[[list[RankingCurves]], Drawing], count: int
) -> None:
    names = ["baseline, one seed", "best candidate, one seed", *"abcd"][:count]
    drawing = draw(curves(names))
    boxes = [(s.words, box(s)) for s in drawing.shapes if isinstance(s, Text)]
    assert sum(any(words.startswith(f"{name}: ") for name in names) for words, _ in boxes) == count
    for words, (left, right, top, bottom) in boxes:
        assert left >= 0 and right <= drawing.width, words
        assert top >= 0 and bottom <= drawing.height, words
    for (one, a), (other, b) in combinations(boxes, 2):
        apart = a[1] <= b[0] or b[1] <= a[0] or a[3] <= b[2] or b[3] <= a[2]
        assert apart, f"{one} over {other}"


def test_precision_goes_in_steps_and_roc_straight() -> None:
    [steps] = [s for s in precision_recall_diagram(curves(["a"])).shapes if isinstance(s, Path)]
    assert all(x == across or y == up for (x, y), (across, up) in pairwise(steps.points))
    [line] = [s for s in roc_diagram(curves(["a"])).shapes if isinstance(s, Path)]
    assert len(line.points) == 3


def test_the_plot_keeps_its_size_however_many_names_stand_above_it() -> None:
    few, many = roc_diagram(curves(["a"])), roc_diagram(curves(list("abcdef")))
    heights = [
        max(y for _, y in path.points) - min(y for _, y in path.points)
        for drawing in (few, many)
        for path in drawing.shapes
        if isinstance(path, Path)
    ]
    assert heights == pytest.approx([heights[0]] * 7)
    assert many.height == few.height + 5 * 16
