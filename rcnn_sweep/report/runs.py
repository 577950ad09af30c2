"""What a report says about one run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rcnn_sweep.drawing import Curve
from rcnn_sweep.metrics import Place, names, shown
from rcnn_sweep.names import Artifact
from rcnn_sweep.report.confusion import Confusion
from rcnn_sweep.tracking import RunReader, RunSnapshot

MOST_MISTAKES, LONGEST_TEXT = 10, 300
"""What is shown of a record, whoever wrote it."""


@dataclass(frozen=True)
class Calibration:
    """The expected calibration ``error``, and of each bin its confidence, accuracy and texts."""

    error: float
    points: tuple[tuple[float, float, int], ...]

    @classmethod
    def of(cls, recorded: Any) -> "Calibration | None":
        """Read ``evaluation/calibration.json``; None where it is something else."""
        try:
            points = tuple(
                (float(own["confidence"]), float(own["accuracy"]), int(own["count"]))
                for own in recorded["bins"]
            )
            return cls(float(recorded["expected_calibration_error"]), points) if points else None
        except (KeyError, TypeError, ValueError):
            return None


@dataclass(frozen=True)
class Mistake:
    """A text that the network was sure of and wrong about; ``text`` is its beginning."""

    true: str
    predicted: str
    probability: float
    text: str

    @classmethod
    def all_of(cls, recorded: Any) -> "tuple[Mistake, ...]":
        """Read ``evaluation/mistakes.json``; none where it is something else."""
        try:
            return tuple(
                cls(
                    str(own["true"]),
                    str(own["predicted"]),
                    float(own["probability"]),
                    str(own["text"] or "")[:LONGEST_TEXT],
                )
                for own in recorded["mistakes"][:MOST_MISTAKES]
            )
        except (KeyError, TypeError, ValueError):
            return ()


@dataclass(frozen=True)
class RunFacts:
    """A run with its curves by metric (epoch, value) and, where recorded, how it judged texts."""

    run: RunSnapshot
    curves: Mapping[str, Curve]
    confusion: Confusion | None
    calibration: Calibration | None = None
    mistakes: tuple[Mistake, ...] = ()


def run_facts(reader: RunReader, run: RunSnapshot) -> RunFacts:
    """Read what a run recorded beside its final numbers."""
    known = [name for name in names(shown(Place.CURVES)) if name in run.metrics]
    curves = {name: reader.history(run.run_id, name) for name in known}
    matrix = reader.json(run.run_id, Artifact.CONFUSION)
    return RunFacts(
        run,
        curves,
        None if matrix is None else Confusion.of(matrix),
        Calibration.of(reader.json(run.run_id, Artifact.CALIBRATION)),
        Mistake.all_of(reader.json(run.run_id, Artifact.MISTAKES)),
    )
