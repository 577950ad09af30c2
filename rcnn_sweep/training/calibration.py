"""Does a network know how sure it may be? What it claims beside how often it is right."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

BINS = 10


def calibration(probabilities: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    """Compare the probabilities of the predicted classes with how often these are the true ones.

    ``probabilities`` ``(n, classes)``, ``truth`` ``(n,)``. ``bins`` are :data:`BINS` equal parts of
    what the largest probability can be, 1 / classes to 1, without the empty ones: ``low``,
    ``high``, ``count`` of texts, their mean ``confidence`` and their ``accuracy``.
    ``expected_calibration_error`` is the mean distance of the two, weighted with the counts (Guo
    et al., *On Calibration of Modern Neural Networks*, ICML 2017).
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    is_right = probabilities.argmax(axis=1) == truth
    edges = np.linspace(1 / probabilities.shape[1], 1, BINS + 1)
    place = np.clip(np.searchsorted(edges, confidence, side="right") - 1, 0, BINS - 1)
    bins = [
        {
            "low": float(edges[number]),
            "high": float(edges[number + 1]),
            "count": int(inside.sum()),
            "confidence": float(confidence[inside].mean()),
            "accuracy": float(is_right[inside].mean()),
        }
        for number in range(BINS)
        if (inside := place == number).any()
    ]
    return {"bins": bins, "expected_calibration_error": expected_error(bins)}


def expected_error(bins: Sequence[Mapping[str, Any]]) -> float:
    """Give the mean distance of confidence and accuracy over the texts."""
    counts = np.array([own["count"] for own in bins], float)
    apart = np.array([abs(own["confidence"] - own["accuracy"]) for own in bins])
    return float((counts * apart).sum() / counts.sum()) if len(bins) else float("nan")
