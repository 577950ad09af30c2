"""The rated sentences as labelled texts."""

from pathlib import Path

import numpy as np

from rcnn_sweep.data.corpus import Labelled
from rcnn_sweep.data.splits import part
from rcnn_sweep.rcnn_text_model import tokenise

LABEL_NAMES = ("negative", "positive")


def labelled(path: Path, test_fraction: float) -> Labelled:
    """Read the sentences at ``path``; those rated exactly zero are dropped and counted.

    A stratified ``test_fraction`` of them is the test split.
    """
    rows = [line.split("\t", 2) for line in path.read_text(encoding="utf-8").splitlines()]
    ratings = np.array([float(rating) for _, rating, _ in rows])
    kept = [
        bool(rating) and bool(tokenise(row[2])) for rating, row in zip(ratings, rows, strict=True)
    ]
    labels = (ratings[kept] > 0).astype(np.int32)
    texts = [row[2] for row, keep in zip(rows, kept, strict=True) if keep]
    is_test = part(labels, test_fraction, LABEL_NAMES, setting="data.test_fraction")
    dropped = f"{np.count_nonzero(ratings == 0)} of {len(rows)} sentences have the mean rating 0"
    notes = (f"{dropped} and were dropped.",)
    return Labelled(texts, labels, LABEL_NAMES, is_test, notes)
