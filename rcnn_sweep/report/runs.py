"""What a report says about one run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rcnn_sweep.drawing import Curve, RankingCurves
from rcnn_sweep.metrics import Place, names, shown
from rcnn_sweep.names import Artifact
from rcnn_sweep.report.confusion import Confusion
from rcnn_sweep.tracking import RunReader, RunSnapshot

MOST_MISTAKES, LONGEST_TEXT, MOST_POINTS = 10, 300, 1000
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
class Ranking:
    """The areas of a run and its curves, of the class ``positive`` or the micro-average of more.

    The areas are those of that class or the means over the classes; None where nothing could be
    ranked. ``classes`` are the curves of each, with the number of its texts. ``left_out`` are the
    classes that are in none of these.
    """

    positive: str | None
    roc_auc: float | None
    average_precision: float | None
    curves: RankingCurves | None
    classes: tuple[tuple[int, RankingCurves], ...]
    left_out: tuple[str, ...]

    @classmethod
    def of(cls, recorded: Any) -> "Ranking | None":
        """Read ``evaluation/ranking.json``; None where it is something else."""
        try:
            positive, micro = recorded["positive"], recorded["micro"]
            classes = tuple((int(own["texts"]), _curves(own)) for own in recorded["classes"])
            whole = [own for _, own in classes] if micro is None else [_curves(micro)]
            return cls(
                None if positive is None else str(positive),
                _area(recorded["roc_auc"]),
                _area(recorded["average_precision"]),
                whole[0] if len(whole) == 1 else None,
                classes,
                tuple(str(name) for name in recorded["left_out"]),
            )
        except (KeyError, TypeError, ValueError):
            return None


def _curves(recorded: Any) -> RankingCurves:
    """Read the curves of a class or the average; raise ``ValueError`` where they are none."""
    roc, steps = recorded["roc"], recorded["precision_recall"]
    return RankingCurves(
        name=str(recorded.get("name", "")),
        kind="c1",
        share=_share(recorded["share"]),
        roc_auc=_share(recorded["roc_auc"]),
        average_precision=_share(recorded["average_precision"]),
        roc=_points(roc["false_positive_rate"], roc["true_positive_rate"]),
        precision_recall=_points(steps["recall"], steps["precision"]),
    )


def _points(across: Any, upward: Any) -> list[tuple[float, float]]:
    points = [(_share(x), _share(y)) for x, y in zip(across, upward, strict=True)]
    if not 0 < len(points) <= MOST_POINTS:
        raise ValueError(f"expected 1 to {MOST_POINTS} points; received {len(points)}")
    return points


def _area(value: Any) -> float | None:
    return None if value is None else _share(value)


def _share(value: Any) -> float:
    """Read a number from 0 to 1; raise ``ValueError`` for another, NaN too."""
    if not 0 <= float(value) <= 1:
        raise ValueError(f"expected a number from 0 to 1; received {value!r}")
    return float(value)


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
    ranking: Ranking | None = None


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
        Ranking.of(reader.json(run.run_id, Artifact.RANKING)),
    )
