"""Probabilities and true classes become numbers; no picture is drawn here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import classification_report, confusion_matrix

from rcnn_sweep.metrics import scores

AVERAGES = ("accuracy", "micro avg", "macro avg", "weighted avg")
"""What scikit-learn's report has beside the classes, under keys of the same dictionary."""


@dataclass(frozen=True)
class Evaluation:
    """What a model makes of one split: ``matrix[i, j]`` counts class ``i`` taken for ``j``.

    ``scores`` holds every number that :mod:`rcnn_sweep.metrics` takes of a split, by its name
    without one. Each is an attribute too: ``evaluation.f1_macro``.
    """

    labels: tuple[str, ...]
    truth: np.ndarray
    matrix: np.ndarray
    report: dict[str, Any]
    scores: Mapping[str, float]

    def __getattr__(self, name: str) -> float:
        try:
            return float(self.__dict__["scores"][name])
        except KeyError:
            raise AttributeError(f"an evaluation has no {name!r}") from None


def evaluate(probabilities: np.ndarray, truth: np.ndarray, labels: Sequence[str]) -> Evaluation:
    """Compare ``probabilities``, ``(n, classes)``, with the class ids ``truth``, ``(n,)``.

    The predicted class is the most probable one; of two, the second needs more than .5, as in
    Keras's binary accuracy.
    """
    classes = np.arange(len(labels))
    predicted = probabilities.argmax(axis=1)
    return Evaluation(
        labels=tuple(labels),
        truth=truth,
        matrix=confusion_matrix(truth, predicted, labels=classes),
        report=classification_report(
            truth,
            predicted,
            labels=classes,
            target_names=_titles(labels),
            output_dict=True,
            zero_division=0,
        ),
        scores={name: score(probabilities, truth) for name, score in scores().items()},
    )


def _titles(labels: Sequence[str]) -> list[str]:
    """Give the keys of the classes in the report: their names, unless an average has that name.

    >>> _titles(["accuracy", "other"])
    ['accuracy (class)', 'other']
    """
    taken, titles = {*AVERAGES, *labels}, []
    for label in labels:
        title = label
        while title in AVERAGES or (title != label and title in taken):
            title += " (class)"
        taken.add(title)
        titles.append(title)
    return titles
