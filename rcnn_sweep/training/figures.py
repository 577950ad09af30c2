"""Numbers become pictures: Matplotlib figures, drawn without a screen."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from rcnn_sweep.drawing import Drawing, Line, learning_curves
from rcnn_sweep.metrics import Metric, Place, shown
from rcnn_sweep.training.fitting import History

LINES = {"train": ("c0", "training"), "val": ("c1", "validation")}
"""The colour of a split's curve, and what it is called."""
# Past this many classes numbers in the cells would overlap.
MOST_WRITTEN_CELLS = 20
MOST_NAMED_CLASSES = 40
"""Classes up to which a picture grows to name each; a larger one would take memory by the gigabyte,
and nobody could read it. ``confusion_matrix.json`` has every name and number."""

UNNAMED_SIDE = 10.0
"""Inches of a picture whose classes are not named."""


def confusion_matrix(matrix: np.ndarray, labels: Sequence[str], *, normalized: bool) -> Figure:
    """Draw a confusion matrix, ``(classes, classes)`` counts with true classes in the rows.

    ``normalized`` shows each row as fractions of its true class, as the notebook's second
    picture does. A cell's number is white where the cell is dark. More than
    :data:`MOST_NAMED_CLASSES` are numbered from 0, in the order of ``labels``, and not named.
    """
    shown = _row_fractions(matrix) if normalized else matrix
    is_named = len(labels) <= MOST_NAMED_CLASSES
    side = max(4.8, 0.55 * len(labels) + 2) if is_named else UNNAMED_SIDE
    figure = Figure(figsize=(side + 1, side), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(shown, cmap="Blues", vmin=0, vmax=1 if normalized else None)
    figure.colorbar(image, ax=axes, shrink=0.8)
    title = (
        "Normalized confusion matrix" if normalized else "Confusion matrix, without normalization"
    )
    axes.set(title=title, xlabel="Predicted label", ylabel="True label")
    if is_named:
        ticks, names = np.arange(len(labels)), [_short(label) for label in labels]
        axes.set_xticks(ticks, names, rotation=45 if len(labels) > 3 else 0)
        axes.set_yticks(ticks, names)
    if len(labels) <= MOST_WRITTEN_CELLS:
        dark = shown.max() / 2
        for (row, column), value in np.ndenumerate(shown):
            text = f"{value:.2f}" if normalized else f"{value:,}"
            color = "white" if value > dark else "black"
            axes.text(column, row, text, ha="center", va="center", color=color)
    return figure


def _row_fractions(matrix: np.ndarray) -> np.ndarray:
    fractions: np.ndarray = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    return fractions


def _short(label: str, longest: int = 24) -> str:
    shown = label if len(label) <= longest else label[: longest - 1] + "…"
    return shown.replace("$", r"\$")


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


def architecture(rows: Sequence[tuple[str, str]]) -> Figure:
    """Draw layers as boxes below each other; a row is the layer's name and its output shape."""
    figure = Figure(figsize=(4.5, 0.8 * len(rows) + 0.4))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 1), ylim=(len(rows), 0))
    axes.axis("off")
    box = {"boxstyle": "round,pad=0.5", "facecolor": "#e8f0fb", "edgecolor": "#33507a"}
    for place, (layer, shape) in enumerate(rows):
        if place:
            axes.annotate(
                "", (0.5, place + 0.25), (0.5, place - 0.25), arrowprops={"arrowstyle": "->"}
            )
        axes.text(0.5, place + 0.5, f"{layer}  {shape}", ha="center", va="center", bbox=box)
    return figure
