"""The mistakes that a network is surest of: a look at them often says what the numbers cannot."""

from typing import Any

import numpy as np

from rcnn_sweep.data import Dataset

MOST = 10
LONGEST = 300
"""Characters of a text that are kept."""


def surest_mistakes(probabilities: np.ndarray, dataset: Dataset) -> list[dict[str, Any]]:
    """Give the wrong predictions with the highest probabilities, the surest first.

    ``probabilities`` ``(n, classes)`` are those of the validation texts. Of each mistake: ``row``
    (the text's place in its stored split), ``true`` and ``predicted`` class, ``probability``, and
    the beginning of ``text`` as the network sees it, None without a vocabulary.
    """
    held, labels = dataset.validation, dataset.label_names
    predicted, truth = probabilities.argmax(axis=1), held.labels
    wrong = np.flatnonzero(predicted != truth)
    order = np.argsort(-probabilities[wrong, predicted[wrong]], kind="stable")
    found = []
    for place in wrong[order[:MOST]]:
        row, text = held.rows[place], None
        if dataset.vocabulary is not None:
            text = dataset.vocabulary.decode(held.x[row])
            text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
        found.append(
            {
                "row": int(row),
                "true": labels[truth[place]],
                "predicted": labels[predicted[place]],
                "probability": float(probabilities[place, predicted[place]]),
                "text": text,
            }
        )
    return found
