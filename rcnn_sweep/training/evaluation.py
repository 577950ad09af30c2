"""Probabilities and true classes become numbers; no picture is drawn here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import (
    accuracy_score,
    classification_report,
    confusion_matrix,
    f1_score,
    roc_auc_score,
)

# keras.backend.epsilon(): Keras clips probabilities to this distance from 0 and 1.
EPSILON = 1e-7


@dataclass(frozen=True)
class Evaluation:
    """What a model makes of one split: ``matrix[i, j]`` counts class ``i`` taken for ``j``."""

    labels: tuple[str, ...]
    matrix: np.ndarray
    report: dict[str, Any]
    loss: float
    accuracy: float
    f1_macro: float
    f1_micro: float
    roc_auc: float

    def metrics(self, prefix: str, *names: str) -> dict[str, float]:
        """Give the named numbers as ``{prefix_name: value}``."""
        return {f"{prefix}_{name}": float(getattr(self, name)) for name in names}


def evaluate(probabilities: np.ndarray, truth: np.ndarray, labels: Sequence[str]) -> Evaluation:
    """Compare ``probabilities``, ``(n, classes)``, with the class ids ``truth``, ``(n,)``.

    The predicted class is the most probable one; of two, the second needs more than .5, as in
    Keras's binary accuracy. ``loss`` is the mean cross-entropy with Keras's clipping. The ROC
    area is the macro average of one class against the rest for three or more classes, and NaN
    where a class is absent from ``truth``.
    """
    classes = np.arange(len(labels))
    predicted = probabilities.argmax(axis=1)
    return Evaluation(
        labels=tuple(labels),
        matrix=confusion_matrix(truth, predicted, labels=classes),
        report=classification_report(
            truth,
            predicted,
            labels=classes,
            target_names=list(labels),
            output_dict=True,
            zero_division=0,
        ),
        loss=_cross_entropy(probabilities, truth),
        accuracy=float(accuracy_score(truth, predicted)),
        f1_macro=float(f1_score(truth, predicted, average="macro", zero_division=0)),
        f1_micro=float(f1_score(truth, predicted, average="micro", zero_division=0)),
        roc_auc=_roc_auc(probabilities, truth, classes),
    )


def _cross_entropy(probabilities: np.ndarray, truth: np.ndarray) -> float:
    chosen = probabilities[np.arange(len(truth)), truth].astype(np.float64)
    return float(-np.log(np.clip(chosen, EPSILON, 1 - EPSILON)).mean())


def _roc_auc(probabilities: np.ndarray, truth: np.ndarray, classes: np.ndarray) -> float:
    if len(np.unique(truth)) < len(classes):
        return float("nan")
    if len(classes) == 2:
        return float(roc_auc_score(truth, probabilities[:, 1]))
    return float(roc_auc_score(truth, probabilities, multi_class="ovr", labels=classes))
