"""Do the texts of a class come first? Its ROC curve and its precision-recall curve."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.metrics import auc

MOST_POINTS = 200
"""Points that are kept of a curve."""
MOST_CLASSES = 5
"""Classes of which each has curves of its own; of more only their micro-average has."""
MOST_DECISIONS = 2_000_000
"""Texts times classes up to which there is a micro-average; more would take seconds to sort."""
AXES = {
    "roc": ("false_positive_rate", "true_positive_rate"),
    "precision_recall": ("recall", "precision"),
}
"""What is recorded of each curve: what runs across, and upward."""

Curves = dict[str, Any]


def ranking(probabilities: np.ndarray, truth: np.ndarray, labels: Sequence[str]) -> dict[str, Any]:
    """Give the curves of the second of two classes, of more those of each against the rest.

    ``probabilities`` ``(n, classes)``, ``truth`` ``(n,)``. ``positive`` is the second of two
    classes, None of more. ``roc_auc`` and ``average_precision`` are those of that class, or the
    means over the classes; None where nothing can be ranked. ``classes`` are the curves, empty
    beyond :data:`MOST_CLASSES`. ``micro`` are those of all decisions, each a text and a class; None
    for two classes and beyond :data:`MOST_DECISIONS`. ``left_out`` are classes without a text, or
    without another's. Points are kept as :func:`thinned` says, areas are of all points.
    """
    count = probabilities.shape[1]
    judged = [1] if count == 2 else range(count)
    texts = np.bincount(truth, minlength=count)
    known = {
        place: _curves(truth == place, probabilities[:, place])
        for place in judged
        if 0 < texts[place] < len(truth)
    }
    has_micro = count > 2 and known and probabilities.size <= MOST_DECISIONS
    return {
        "positive": labels[1] if count == 2 else None,
        **{
            name: float(np.mean([own[name] for own in known.values()])) if known else None
            for name in ("roc_auc", "average_precision")
        },
        "classes": [
            {"name": labels[place], "texts": int(texts[place]), **_listed(own)}
            for place, own in known.items()
            if len(judged) <= MOST_CLASSES
        ],
        "micro": _listed(_curves(np.eye(count, dtype=bool)[truth].ravel(), probabilities.ravel()))
        if has_micro
        else None,
        "left_out": [labels[place] for place in judged if place not in known],
    }


def _curves(is_own: np.ndarray, probability: np.ndarray) -> Curves:
    """Give areas and points, those of scikit-learn, of one sort for both curves.

    ``share`` is that of the positives. ``roc`` and ``precision_recall`` are :data:`AXES`,
    ``(points, 2)`` from 0 on. ``average_precision`` is the area below the steps of the latter.
    """
    order = np.argsort(probability)[::-1]
    sorted_, is_hit = probability[order], is_own[order]
    last = np.flatnonzero(np.append(sorted_[1:] != sorted_[:-1], True))  # of equal ones
    hits = is_hit.cumsum()[last]
    recall, false_rate = hits / hits[-1], (last + 1 - hits) / (len(is_own) - hits[-1])
    precision = hits / (last + 1)
    roc = np.vstack([[0.0, 0.0], np.stack([false_rate, recall], axis=1)])
    steps = np.vstack([[0.0, 1.0], np.stack([recall, precision], axis=1)])
    return {
        "share": float(is_own.mean()),
        "roc_auc": float(auc(*roc.T)),
        "average_precision": float((np.diff(steps[:, 0]) * precision).sum()),
        "roc": thinned(roc),
        "precision_recall": thinned(steps),
    }


def _listed(own: Curves) -> Curves:
    """Write the points as two lists of numbers a curve."""
    lists = {
        curve: {name: own[curve][:, axis].round(5).tolist() for axis, name in enumerate(names)}
        for curve, names in AXES.items()
    }
    return {**own, **lists}


def thinned(points: np.ndarray, most: int = MOST_POINTS) -> np.ndarray:
    """Keep at most ``most`` of ``points``, ``(n, 2)``, with both ends, equally far apart.

    How far is measured along the curve, as the sum of both coordinates' changes.
    """
    if len(points) <= most:
        return points
    length = np.concatenate([[0.0], np.abs(np.diff(points, axis=0)).sum(axis=1).cumsum()])
    return points[np.unique(np.searchsorted(length, np.linspace(0, length[-1], most)))]
