"""The plain reference of a study, as it is kept on the study's run: metrics and a tag."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rcnn_sweep.names import Tag
from rcnn_sweep.report.confusion import Confusion
from rcnn_sweep.tracking import RunSnapshot

Split = Literal["validation", "test"]

METRICS = ("accuracy", "f1_macro", "f1_micro")
PREFIX: Mapping[Split, str] = {"validation": "reference_val", "test": "reference_test"}
SETUP = "TF-IDF 1-2 grams, sublinear tf; logistic regression, L2, C=1; full texts"
"""What was trained; a reference that was made otherwise is trained again."""


@dataclass(frozen=True)
class Known:
    """A reference's numbers; ``confusion`` where it was kept.

    It was trained on ``rows`` of the ``available`` training texts.
    """

    accuracy: float
    f1_macro: float
    f1_micro: float
    seconds: float
    rows: int
    available: int
    confusion: Confusion | None


@dataclass(frozen=True)
class Absent:
    """Why there is no reference, as a sentence."""

    reason: str


def recorded_reference(parent: RunSnapshot, judged: Split) -> Known | None:
    """Give the reference that the study's run holds, None where it holds none of this setup."""
    prefix = PREFIX[judged]
    try:
        kept = json.loads(parent.tags.get(f"{Tag.REFERENCE}_{judged}", "null"))
        if not isinstance(kept, Mapping) or kept["setup"] != SETUP:
            return None
        values = {name: parent.metrics[f"{prefix}_{name}"] for name in METRICS}
        return Known(
            **values,
            seconds=float(kept["seconds"]),
            rows=int(kept["rows"]),
            available=int(kept.get("available", kept["rows"])),
            confusion=Confusion.of(kept),
        )
    except (KeyError, TypeError, ValueError):
        return None


def as_recorded(known: Known, judged: Split) -> tuple[dict[str, float], dict[str, str]]:
    """Give the metrics and tags from which :func:`recorded_reference` reads ``known`` again."""
    prefix = PREFIX[judged]
    metrics = {f"{prefix}_{name}": getattr(known, name) for name in METRICS}
    kept: dict[str, Any] = {
        "setup": SETUP,
        "seconds": round(known.seconds, 2),
        "rows": known.rows,
        "available": known.available,
    }
    if known.confusion is not None and known.confusion.is_shown:  # a tag is short
        kept |= {"labels": known.confusion.labels, "matrix": known.confusion.matrix}
    tags = {f"{Tag.REFERENCE}_{judged}": json.dumps(kept)}
    return {**metrics, f"{prefix}_seconds": known.seconds}, tags
