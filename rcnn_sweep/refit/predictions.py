"""The complete runs of a refit, read back from MLflow."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rcnn_sweep.errors import UserError
from rcnn_sweep.evidence import Arm, Measured, Predicted
from rcnn_sweep.names import Artifact, Tag
from rcnn_sweep.tracking import RunReader, RunSnapshot
from rcnn_sweep.training import Predictions


@dataclass(frozen=True)
class Tested:
    """What a run recorded: true and predicted class ids ``(n,)``, and the classes' names."""

    truth: NDArray[np.int64]
    predicted: NDArray[np.int64]
    labels: tuple[str, ...]

    def is_about_the_same_as(self, other: "Tested") -> bool:
        """Say whether both were judged on the same texts, as far as truth and classes tell."""
        return self.labels == other.labels and np.array_equal(self.truth, other.truth)


def complete_runs(reader: RunReader, refit_run: str) -> dict[tuple[int, int], RunSnapshot]:
    """Give the refit's complete runs by candidate's trial and seed; the first of several."""
    found: dict[tuple[int, int], RunSnapshot] = {}
    for run in reader.children(refit_run):
        if run.tags.get(Tag.STATE) == "complete" and Tag.CANDIDATE_TRIAL in run.tags:
            key = (int(run.tags[Tag.CANDIDATE_TRIAL]), int(run.tags[Tag.SEED]))
            found.setdefault(key, run)
    return found


def measured(
    reader: RunReader,
    arms: Sequence[Arm],
    seeds: Sequence[int],
    runs: Mapping[tuple[int, int], RunSnapshot],
) -> tuple[Tested | None, list[Measured]]:
    """Give what the first run was judged on, None without any run, and each arm with its runs.

    Raises :class:`UserError` where runs were judged on different texts.
    """
    tested = {
        (arm.trial, seed): read_predictions(reader, runs[arm.trial, seed].run_id)
        for arm in arms
        for seed in seeds
        if (arm.trial, seed) in runs
    }
    first = _shared(list(tested.values()))
    results = [
        Measured(
            arm,
            {
                seed: Predicted(runs[trial, seed].run_id, one.predicted)
                for (trial, seed), one in tested.items()
                if trial == arm.trial
            },
        )
        for arm in arms
    ]
    return first, results


def _shared(tested: Sequence[Tested]) -> Tested | None:
    for other in tested[1:]:
        if not other.is_about_the_same_as(tested[0]):
            raise UserError(
                "refit: expected all runs to be judged on the same test texts; some were not. "
                "Their data or its limits differ."
            )
    return tested[0] if tested else None


def read_predictions(reader: RunReader, run_id: str) -> Tested:
    """Read a run's test predictions; raises :class:`UserError` where it recorded none.

    The predicted class is the most probable one, as in :mod:`rcnn_sweep.training.evaluation`.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = reader.file(run_id, Artifact.PREDICTIONS, Path(folder))
        if file is None:
            raise UserError(f"refit: expected {Artifact.PREDICTIONS} in run {run_id}, found none.")
        found = Predictions.load(file)
    return Tested(
        truth=found.truth.astype(np.int64),
        predicted=found.probabilities.argmax(axis=1).astype(np.int64),
        labels=found.labels,
    )
