"""The reference of a study: trained once, kept on the study's run as metrics."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from rcnn_sweep.config import Config, from_yaml
from rcnn_sweep.errors import UserError
from rcnn_sweep.names import Artifact, Tag
from rcnn_sweep.process import command
from rcnn_sweep.report.confusion import Confusion
from rcnn_sweep.report.facts import StudyFacts
from rcnn_sweep.tracking import RunReader, RunSnapshot

Judged = Literal["validation", "test"]

METRICS = ("accuracy", "f1_macro", "f1_micro")
PREFIX: Mapping[Judged, str] = {"validation": "reference_val", "test": "reference_test"}
TAG = Tag.REFERENCE
SETUP = "TF-IDF 1-2 grams, sublinear tf; logistic regression, L2, C=1; full texts"
"""What was trained; a reference that was made otherwise is trained again."""


@dataclass(frozen=True)
class Known:
    """A reference's numbers; ``rows`` trained on, ``confusion`` where it was kept."""

    accuracy: float
    f1_macro: float
    f1_micro: float
    seconds: float
    rows: int
    confusion: Confusion | None


@dataclass(frozen=True)
class Absent:
    """Why there is no reference, as a sentence."""

    reason: str


def recorded_reference(parent: RunSnapshot, judged: Judged) -> Known | None:
    """Give the reference that the study's run holds, None where it holds none of this setup."""
    prefix = PREFIX[judged]
    try:
        kept = json.loads(parent.tags.get(f"{TAG}_{judged}", "null"))
        if not isinstance(kept, Mapping) or kept["setup"] != SETUP:
            return None
        values = {name: parent.metrics[f"{prefix}_{name}"] for name in METRICS}
        return Known(
            **values,
            seconds=float(kept["seconds"]),
            rows=int(kept["rows"]),
            confusion=Confusion.of(kept),
        )
    except (KeyError, TypeError, ValueError):
        return None


def reference_of(
    facts: StudyFacts, reader: RunReader, judged: Judged, *, may_train: bool
) -> Known | Absent:
    """Give the reference, trained now and kept on the study's run unless it is there already."""
    if facts.parent is None:
        return Absent("This study is not recorded in MLflow, so its data is not known.")
    found = recorded_reference(facts.parent, judged)
    if found is not None:
        return found
    if not may_train:
        again = command("report", facts.study.name)
        return Absent(f"It was not trained as the sweep was stopped; {again} does it.")
    config = _config(facts, reader)
    if config is None:
        return Absent("No trial of this study recorded its configuration, so its data is unknown.")
    return _trained(facts, facts.parent, config, reader, judged)


def _config(facts: StudyFacts, reader: RunReader) -> Config | None:
    """Give the config of a trial: it names the file that its data came from."""
    for run in facts.runs.values():
        recorded = reader.text(run.run_id, Artifact.RESOLVED_CONFIG)
        if recorded is not None:
            return from_yaml(recorded)
    return None


def _trained(
    facts: StudyFacts, parent: RunSnapshot, config: Config, reader: RunReader, judged: Judged
) -> Known | Absent:
    from rcnn_sweep.training import train_reference

    try:
        found = train_reference(config.data, judged)
    except (UserError, OSError, MemoryError) as error:
        return Absent(f"The data of this study cannot be had any more: {error}")
    expected = {run.tags.get(Tag.DATA_SHA256) for run in facts.runs.values()}
    if found.sha256 not in expected:
        return Absent(
            f"The data file has changed since the study ({config.data.path}): a reference "
            "trained on it now would not be comparable."
        )
    known = Known(
        accuracy=found.evaluation.accuracy,
        f1_macro=found.evaluation.f1_macro,
        f1_micro=found.evaluation.f1_micro,
        seconds=found.seconds,
        rows=found.rows,
        confusion=Confusion(
            found.evaluation.labels,
            tuple(tuple(int(cell) for cell in row) for row in found.evaluation.matrix),
        ),
    )
    _keep(parent, known, reader, judged)
    return known


def _keep(parent: RunSnapshot, known: Known, reader: RunReader, judged: Judged) -> None:
    from rcnn_sweep.tracking import RunWriter

    writer = RunWriter(reader.client, parent.run_id, parent.experiment_id)
    prefix = PREFIX[judged]
    metrics = {f"{prefix}_{name}": getattr(known, name) for name in METRICS}
    writer.metrics({**metrics, f"{prefix}_seconds": known.seconds})
    kept = {"setup": SETUP, "seconds": round(known.seconds, 2), "rows": known.rows}
    if known.confusion is not None and known.confusion.is_shown:  # a tag is short
        kept |= {"labels": known.confusion.labels, "matrix": known.confusion.matrix}
    writer.tags({f"{TAG}_{judged}": json.dumps(kept)})
