"""Which rows of the stored arrays a run uses: whole splits, stratified parts of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rcnn_sweep import rules
from rcnn_sweep.errors import DataError
from rcnn_sweep.rcnn_text_model import FurtherInputs

# One seed for all selections, so that every trial of a study sees the same rows. 113 is the seed
# of Keras's IMDB shuffle. RandomState, because NumPy promises its stream never to change.
SEED = 113


@dataclass(frozen=True)
class Split:
    """One split, or a selection of its rows; nothing is copied.

    ``x`` is (n_stored, maxlen) uint16 or uint32 and ``y`` (n_stored,) int32 class ids, both
    memory-mapped and complete. ``rows`` is (n,) int64: the rows that belong to the split, in
    order. ``further`` has what the network is given of the stored rows besides their ids.
    """

    x: NDArray[Any]
    y: NDArray[np.int32]
    rows: NDArray[np.int64]
    further: FurtherInputs | None = None

    @classmethod
    def whole(cls, x: NDArray[Any], y: NDArray[np.int32]) -> "Split":
        """Give the split that has all rows of ``x`` and ``y``."""
        return cls(x, y, np.arange(len(y), dtype=np.int64))

    def __len__(self) -> int:
        """Give the number of rows that belong to the split."""
        return len(self.rows)

    @property
    def labels(self) -> NDArray[np.int32]:
        """The class ids of the split's rows, (n,) int32."""
        return self.y[self.rows]

    def take(self, positions: NDArray[Any]) -> "Split":
        """Give the split that has the rows at ``positions``, (m,) integer or (n,) bool."""
        return replace(self, rows=self.rows[positions])


def limit(split: Split, count: int | None) -> Split:
    """Give ``count`` rows of ``split`` with its proportions of classes, in its order.

    Null or a count beyond the size gives all of it. A smaller count selects from the rows of a
    larger one wherever the rounding of the proportions allows. Raises ``DataError`` when there
    would not be a row for each class.
    """
    if count is None or count >= len(split):
        return split
    sizes = np.bincount(split.labels)
    present = int(np.count_nonzero(sizes))
    if count < present:
        raise DataError(
            f"Expected a limit of at least one text for each of {present} classes, received "
            f"{count}.\nRaise data.train_limit or data.test_limit."
        )
    return split.take(_chosen(split.labels, allocate(sizes, count)))


def part(
    labels: NDArray[Any], fraction: float, names: Sequence[str], *, setting: str
) -> NDArray[np.bool_]:
    """Mark a stratified ``fraction`` of ``labels``, (n,) ids into ``names``, as (n,) bool.

    Each class has at least one row on either side. ``setting`` is the option that an error
    names. Raises ``DataError`` for a fraction outside (0, 1) or a class of one row.
    """
    for reason in rules.fraction(setting, fraction):
        raise DataError(reason)
    sizes = np.bincount(labels)
    few = np.flatnonzero(sizes == 1)
    if few.size:
        raise DataError(
            f"Expected at least 2 texts of each class to split off {setting}={fraction}, "
            f"received 1 of {names[few[0]]!r:.60}.\nAdd texts of that class or remove it."
        )
    present = int(np.count_nonzero(sizes))
    count = min(max(round(fraction * len(labels)), present), len(labels) - present)
    return _chosen(labels, allocate(sizes, count, spare=1))


def allocate(sizes: NDArray[Any], count: int, *, spare: int = 0) -> NDArray[np.int64]:
    """Share ``count`` rows among classes of ``sizes`` ((k,) integer) by largest remainder.

    Every class that has rows gets at least one and keeps at least ``spare`` for the other side.
    Returns (k,) int64 that sums to ``count``.
    """
    exact = sizes * (count / sizes.sum())
    most = np.maximum(sizes - spare, 0)
    shares: NDArray[np.int64] = np.clip(np.floor(exact).astype(np.int64), np.minimum(1, most), most)
    while shares.sum() < count:
        shares[np.argmax(np.where(shares < most, exact - shares, -np.inf))] += 1
    while shares.sum() > count:
        shares[np.argmax(np.where(shares > 1, shares - exact, -np.inf))] -= 1
    return shares


def _chosen(labels: NDArray[Any], shares: NDArray[np.int64]) -> NDArray[np.bool_]:
    mask = np.zeros(len(labels), np.bool_)
    for label, share in enumerate(shares):
        rows = np.flatnonzero(labels == label)
        mask[np.random.RandomState(SEED + label).permutation(rows)[:share]] = True
    return mask
