"""The end of a refit: evidence from its runs, onto its record, and the champion from it."""

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np

from rcnn_sweep.config import RefitConfig
from rcnn_sweep.evidence import (
    BASELINE,
    Asked,
    Evidence,
    Look,
    as_json,
    as_text,
    compare,
    draw_evidence,
    from_json,
)
from rcnn_sweep.names import Artifact, Tag
from rcnn_sweep.refit.candidates import RefitArm
from rcnn_sweep.refit.champion import champion_lines
from rcnn_sweep.refit.predictions import complete_runs, measured
from rcnn_sweep.refit.references import reference_arms
from rcnn_sweep.tracking import Registry, RunReader, RunWriter, Store

log = logging.getLogger(__name__)


def conclude(
    asked: RefitConfig, arms: Sequence[RefitArm], reader: RunReader, store: Store, refit_run: str
) -> list[str]:
    """Record the evidence and register the champion; give the lines to print."""
    writer = store.writer(refit_run)
    evidence = compare_runs(asked, arms, reader, store, refit_run)
    document = as_json(evidence)
    record(evidence, document, writer)
    registry = Registry(writer.client)
    champion = list(champion_lines(evidence, digest(document), registry, force=asked.force))
    shown = "\n".join([as_text(evidence), *champion])
    writer.describe(shown)
    writer.text(Artifact.EVIDENCE_TEXT, f"{shown}\n\n{evidence.rule}\n")
    return ["", shown, ""]


BESIDE = ("looks", "references", "measured", "rivals", "rule", "sentence")
"""Parts of the document that decide nothing about the champion, and may join it later."""


def digest(document: dict[str, Any]) -> str:
    """Give 16 hexadecimal digits that change with the evidence of the candidates."""
    decisive = {key: value for key, value in document.items() if key not in BESIDE}
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:16]


def compare_runs(
    asked: RefitConfig, arms: Sequence[RefitArm], reader: RunReader, store: Store, refit_run: str
) -> Evidence:
    """Compare the complete runs of the refit ``refit_run``, with each other and the references."""
    seeds = range(asked.seeds)
    runs = complete_runs(reader, refit_run)
    tested, results = measured(reader, [one.arm for one in arms], seeds, runs)
    about_what = Asked(
        study=asked.study,
        study_run=asked.study_run,
        refit_run=refit_run,
        data_sha256=reader.run(asked.study_run).tags.get(Tag.DATA_SHA256, ""),
        labels=() if tested is None else tested.labels,
        seeds=tuple(seeds),
        judged_by=asked.judged_by,
    )
    looks = looks_before(reader, refit_run)
    if tested is None:
        return compare(about_what, np.zeros(0, np.int64), results, before=looks)
    data = arms[0].config.data
    plain = reference_arms(data, tested, seeds, refit_run, reader=reader, store=store)
    return compare(about_what, tested.truth, results, references=plain, before=looks)


def looks_before(reader: RunReader, refit_run: str) -> tuple[Look, ...]:
    """Give the looks that were taken at this refit, as its latest evidence has them."""
    try:
        document = reader.json(refit_run, Artifact.EVIDENCE)
        return () if document is None else from_json(document).looks
    except ValueError as error:  # NotEvidence, or no JSON at all
        log.warning("The earlier evidence cannot be read; it counts as one look. %s", error)
        return (Look(0, (), 0),)


def record(evidence: Evidence, document: dict[str, Any], writer: RunWriter) -> None:
    """Put the evidence on the refit's record: numbers, document, picture."""
    writer.metrics(dict(metrics_of(evidence)))
    writer.tags({Tag.VERDICT: evidence.sentence})
    writer.json(Artifact.EVIDENCE, document)
    with writer.artifact(Artifact.INTERVALS) as picture:
        draw_evidence(evidence).save_png(picture)


def metrics_of(evidence: Evidence) -> Iterator[tuple[str, float]]:
    """Give the evidence as MLflow metrics, ``trial_7/difference_test_accuracy`` and so on."""
    yield "seeds", float(len(evidence.asked.seeds))
    yield "look", float(evidence.look)
    for judged in (*evidence.arms, *evidence.references):
        for name, scores in judged.scores.items():
            prefix = f"{judged.arm.name.replace(' ', '_')}"
            yield f"{prefix}/mean_test_{name}", scores.mean
            yield f"{prefix}/std_test_{name}", scores.std
    for one in chain(*evidence.questions):
        prefix = one.arm.name.replace(" ", "_")
        if one.against != BASELINE:
            prefix += f"_against_{one.against.replace(' ', '_')}"
        for name, difference in (one.differences or {}).items():
            yield f"{prefix}/difference_test_{name}", difference.mean
            yield f"{prefix}/difference_low_test_{name}", difference.simultaneous[0]
            yield f"{prefix}/difference_high_test_{name}", difference.simultaneous[1]
            yield f"{prefix}/p_test_{name}", difference.p_corrected
        if one.mcnemar_p_corrected is not None:
            yield f"{prefix}/p_mcnemar", one.mcnemar_p_corrected
        if one.share is not None:
            yield f"{prefix}/share_of_validation_gain_left", one.share
