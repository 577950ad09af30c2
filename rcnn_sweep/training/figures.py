"""Numbers become drawings: the matrix of confusions, the curves, the layers of the network."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rcnn_sweep.drawing import (
    SHADES,
    Drawing,
    Line,
    RankingCurves,
    Reliability,
    learning_curves,
    precision_recall_diagram,
    reliability_diagram,
    roc_diagram,
)
from rcnn_sweep.metrics import Metric, Place, shown
from rcnn_sweep.network import LayerRow
from rcnn_sweep.training.fitting import History
from rcnn_sweep.training.ranking import AXES

LINES = {"train": ("c0", "training"), "val": ("c1", "validation")}
"""The colour of a split's curve, and what it is called."""
MOST_WRITTEN_CELLS = 20
"""Classes past which numbers in the cells would overlap."""
LETTER = 7.0
"""The room for a letter of a label."""
MOST_NAMED_CLASSES = 40
"""Classes up to which a picture grows to name each; a larger one would take memory by the gigabyte,
and nobody could read it. ``confusion_matrix.json`` has every name and number."""
CURVE_KINDS = ("c1", "c2", "c3", "c4", "c5", "c6")
"""The colours of ranking curves: the first one, then those of the classes beside it."""
NAMED_CURVE = 22
"""Letters of a class's name beside its ranking curve."""
UNNAMED_SIDE = 640.0
"""The side of a matrix whose classes are not named."""


def confusion_matrix(matrix: np.ndarray, labels: Sequence[str], normalized: bool) -> Drawing:
    """Draw a confusion matrix, ``(classes, classes)`` counts with true classes in the rows.

    ``normalized`` shows each row as fractions of its true class, as the notebook's second
    picture does. A cell's number is light where the cell is dark. Labels too long for a column
    are told by the number of their row. More than :data:`MOST_NAMED_CLASSES` are not named:
    they stand in the order of ``labels``.
    """
    shown = _row_fractions(matrix) if normalized else matrix
    cell = _cell(len(labels))
    rows, columns = _names(labels, cell)
    left, top = 40.0 + LETTER * max(map(len, rows)), 64.0
    right, bottom = left + cell * len(labels), top + cell * len(labels)
    title = (
        "Normalized confusion matrix" if normalized else "Confusion matrix, without normalization"
    )
    drawing = Drawing(
        *(max(right + 24, 340), bottom + 48),
        title=title,
        description=f"{matrix.trace():,} of {matrix.sum():,} texts are on the diagonal.",
    )
    drawing.text(16, 26, title, "title")
    drawing.text(16, top - 12, "True label", "name")
    predicted = "Predicted label"
    if len(labels) > MOST_NAMED_CLASSES:
        predicted += f"; {len(labels)} classes in the order of confusion_matrix.json"
    drawing.text((left + right) / 2, bottom + 38, predicted, "name", anchor="middle")
    most = max(float(shown.max()), 1.0) if not normalized else 1.0
    is_written = len(labels) <= MOST_WRITTEN_CELLS
    for row, column in np.ndindex(*shown.shape) if is_written else np.argwhere(shown):
        value = shown[row, column]
        share = float(value) / most
        x, y = left + cell * column, top + cell * row
        if step := round(SHADES * share):
            drawing.box(x, y, cell, cell, f"shade{step}")
        if is_written:
            text = f"{value:.2f}" if normalized else f"{value:,}"
            kind = "light" if share > 0.5 else ""
            drawing.text(x + cell / 2, y + cell / 2 + 4, text, kind, anchor="middle")
    for place, (name, column_name) in enumerate(zip(rows, columns, strict=True)):
        middle = cell * (place + 0.5)
        drawing.text(left - 8, top + middle + 4, name, "mark", anchor="end")
        drawing.text(left + middle, bottom + 17, column_name, "mark", anchor="middle")
    for edge in ((left, top, right, top), (left, bottom, right, bottom)):
        drawing.line(*edge, "axis")
    for edge in ((left, top, left, bottom), (right, top, right, bottom)):
        drawing.line(*edge, "axis")
    return drawing


def _cell(classes: int) -> float:
    """Give the side of a cell: fewer classes have larger ones."""
    if classes > MOST_NAMED_CLASSES:
        return UNNAMED_SIDE / classes
    return 96.0 if classes <= 4 else 48.0 if classes <= MOST_WRITTEN_CELLS else 16.0


def _names(labels: Sequence[str], cell: float) -> tuple[list[str], list[str]]:
    """Give the names of rows and columns."""
    if len(labels) > MOST_NAMED_CLASSES:
        return [""], [""]
    names = [_short(label) for label in labels]
    if LETTER * max(map(len, names)) <= cell:
        return names, names
    numbers = [str(number) for number in range(1, len(names) + 1)]
    return [f"{name}  {number}" for name, number in zip(names, numbers, strict=True)], numbers


def _row_fractions(matrix: np.ndarray) -> np.ndarray:
    fractions: np.ndarray = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    return fractions


def _short(label: str, longest: int = 24) -> str:
    return label if len(label) <= longest else label[: longest - 1] + "…"


def draw_curves(history: History) -> Drawing:
    """Draw loss, accuracy and what else has curves over the epochs, training beside validation.

    ``history`` has an epoch or more.
    """
    panels: dict[str, list[Metric]] = {}
    for metric in shown(Place.CURVES):
        panels.setdefault(metric.label, []).append(metric)
    lines = [
        Line(
            name=name,
            label=split,
            kind=kind,
            curves={
                label: list(enumerate(history.series(metric.name), start=1))
                for label, metrics in panels.items()
                for metric in metrics
                if metric.split == split
            },
        )
        for split, (kind, name) in LINES.items()
    ]
    drawing = learning_curves(lines, tuple(panels))
    if drawing is None:
        raise ValueError("learning curves need an epoch")
    return drawing


def reliability(sure: Mapping[str, Any]) -> Drawing:
    """Draw what :func:`rcnn_sweep.training.calibration.calibration` gives."""
    points = [(own["confidence"], own["accuracy"], own["count"]) for own in sure["bins"]]
    return reliability_diagram([Reliability("network", "c1", points)])


def roc(ranked: Mapping[str, Any]) -> Drawing:
    """Draw the ROC curves that :func:`rcnn_sweep.training.ranking.ranking` gives; one or more."""
    return roc_diagram(_ranking_curves(ranked))


def precision_recall(ranked: Mapping[str, Any]) -> Drawing:
    """Draw the precision-recall curves, as :func:`roc` does the others."""
    return precision_recall_diagram(_ranking_curves(ranked))


def _ranking_curves(ranked: Mapping[str, Any]) -> list[RankingCurves]:
    """Give the curves of two classes or the micro-average the colour of validation."""
    named = [] if ranked["micro"] is None else [{"name": "micro-average", **ranked["micro"]}]
    named += ranked["classes"]
    return [
        RankingCurves(
            _short(own["name"], NAMED_CURVE),
            kind,
            *(own["share"], own["roc_auc"], own["average_precision"]),
            *(list(zip(*own[curve].values(), strict=True)) for curve in AXES),
        )
        for own, kind in zip(named, CURVE_KINDS, strict=False)
    ]


def architecture(rows: Sequence[LayerRow]) -> Drawing:
    """Draw layers as boxes below each other; what another than the one above reads goes around."""
    around = [
        (source, place)
        for place, row in enumerate(rows)
        for source in row.reads
        if source != place - 1
    ]
    drawing = Drawing(
        *(340 + 14 * len(around), 54 * len(rows) + 6),
        title="Architecture",
        description="; ".join(f"{row.kind} {row.shape}" for row in rows),
    )
    for place, row in enumerate(rows):
        top = 10.0 + 54 * place
        drawing.box(20, top, 300, 30, "layer")
        drawing.text(170, top + 19, f"{row.kind}  {row.shape}", anchor="middle")
        if place - 1 in row.reads:
            drawing.path([(170, top - 24), (170, top - 1)], "axis")
            drawing.path([(166, top - 6), (170, top - 1), (174, top - 6)], "strand axis")
    for lane, (source, place) in enumerate(around):
        right, start, end = 334.0 + 14 * lane, 29.0 + 54 * source, 21.0 + 54 * place
        drawing.path([(320, start), (right, start), (right, end), (321, end)], "axis")
        drawing.path([(326, end - 4), (321, end), (326, end + 4)], "strand axis")
    return drawing
