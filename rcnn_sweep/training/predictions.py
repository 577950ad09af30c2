"""What a model said of the texts of a split, as it is kept: a file without pickles."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Predictions:
    """Runs can be compared text by text.

    ``probabilities`` float32 ``(n, classes)``, the true class ids ``truth`` int32 ``(n,)``,
    ``rows`` int64 ``(n,)`` (places in the stored split), ``labels`` the classes' names.
    """

    probabilities: NDArray[np.float32]
    truth: NDArray[np.int32]
    rows: NDArray[np.int64]
    labels: tuple[str, ...]

    def save(self, file: Path | BinaryIO) -> None:
        """Write the arrays under their names, compressed."""
        np.savez_compressed(
            file,
            probabilities=self.probabilities,
            truth=self.truth,
            rows=self.rows,
            labels=np.array(self.labels),
        )

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read what :meth:`save` wrote.

        Raises ``OSError``, ``ValueError``, ``KeyError`` or ``zipfile.BadZipFile`` for anything
        else.
        """
        with np.load(file, allow_pickle=False) as stored:
            return cls(
                stored["probabilities"],
                stored["truth"],
                stored["rows"],
                tuple(str(label) for label in stored["labels"]),
            )
