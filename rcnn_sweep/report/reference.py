"""The plain references of a study, as they are kept on the study's run: metrics and a tag each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rcnn_sweep.names import Tag
from rcnn_sweep.report.confusion import Confusion
from rcnn_sweep.tracking import RunSnapshot
from rcnn_sweep.training import REFERENCES

Split = Literal["validation", "test"]

METRICS = ("accuracy", "f1_macro", "f1_micro")
PREFIX: Mapping[Split, str] = {"validation": "reference_val", "test": "reference_test"}


@dataclass(frozen=True)
class Known:
    """The numbers of the reference ``name``; ``confusion`` if it was kept.

    It was trained on ``rows`` of the ``available`` training texts.
    """

    name: str
    accuracy: float
    f1_macro: float
    f1_micro: float
    seconds: float
    rows: int
    available: int
    confusion: Confusion | None

    @property
    def title(self) -> str:
        """Name it in a sentence."""
        return REFERENCES[self.name].title


@dataclass(frozen=True)
class References:
    """All references on a split, and the ``bar``, the one that a network is measured by.

    It is the stronger one on the validation split, and stays that on test.
    """

    models: tuple[Known, ...]
    bar: Known

    @classmethod
    def of(cls, models: Sequence[Known], judged_by: str) -> "References":
        """Take the one with the highest ``judged_by``, of equals the first, for the bar."""
        return cls(tuple(models), max(models, key=lambda known: getattr(known, judged_by)))

    def measured_by(self, name: str) -> "References":
        """Give the same with the reference ``name`` for the bar, where it is there."""
        named = [known for known in self.models if known.name == name]
        return References(self.models, named[0] if named else self.bar)


@dataclass(frozen=True)
class Absent:
    """Why there is no reference, as a sentence."""

    reason: str


def recorded_references(parent: RunSnapshot, judged: Split, *, judged_by: str) -> References | None:
    """Give the references that the study's run holds, None where one is missing or outdated."""
    try:
        known = [_recorded(parent, judged, name) for name in REFERENCES]
        return References.of(known, judged_by)
    except (KeyError, TypeError, ValueError):
        return None


def _recorded(parent: RunSnapshot, judged: Split, name: str) -> Known:
    kept = json.loads(parent.tags[_tag(judged, name)])
    if kept["version"] != REFERENCES[name].version:
        raise ValueError("made otherwise")
    return Known(
        name,
        **{metric: float(kept[metric]) for metric in METRICS},
        seconds=float(kept["seconds"]),
        rows=int(kept["rows"]),
        available=int(kept.get("available", kept["rows"])),
        confusion=Confusion.of(kept),
    )


def _tag(judged: Split, name: str) -> str:
    return f"{Tag.REFERENCE}_{judged}_{name}"


def as_recorded(found: References, judged: Split) -> tuple[dict[str, float], dict[str, str]]:
    """Give the bar's metrics, and the tags that :func:`recorded_references` reads again."""
    prefix, bar = PREFIX[judged], found.bar
    metrics = {f"{prefix}_{name}": getattr(bar, name) for name in METRICS}
    tags = {_tag(judged, known.name): json.dumps(_kept(known)) for known in found.models}
    return {**metrics, f"{prefix}_seconds": bar.seconds}, tags


def _kept(known: Known) -> dict[str, Any]:
    kept: dict[str, Any] = {
        "version": REFERENCES[known.name].version,
        **{metric: getattr(known, metric) for metric in METRICS},
        "seconds": known.seconds,
        "rows": known.rows,
        "available": known.available,
    }
    if known.confusion is not None and known.confusion.is_shown:  # a tag is short
        kept |= {"labels": known.confusion.labels, "matrix": known.confusion.matrix}
    return kept
