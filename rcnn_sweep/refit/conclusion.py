"""The end of a refit: evidence from its runs, onto its record, and the champion from it."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from rcnn_sweep.config import RefitConfig
from rcnn_sweep.evidence import Arm, Asked, Evidence, as_json, as_text, compare, draw_evidence
from rcnn_sweep.names import Artifact, Tag
from rcnn_sweep.refit.champion import champion_lines
from rcnn_sweep.refit.predictions import complete_runs, measured
from rcnn_sweep.tracking import Registry, RunReader, RunWriter


def conclude(
    asked: RefitConfig, arms: Sequence[Arm], reader: RunReader, writer: RunWriter
) -> list[str]:
    """Record the evidence and register the champion; give the lines to print."""
    evidence = compare_runs(asked, arms, reader, writer.run_id)
    document = as_json(evidence)
    record(evidence, document, writer)
    registry = Registry(writer.client)
    champion = list(champion_lines(evidence, digest(document), registry, force=asked.force))
    shown = "\n".join([as_text(evidence), *champion])
    writer.describe(shown)
    writer.text(Artifact.EVIDENCE_TEXT, f"{shown}\n\n{evidence.rule}\n")
    return ["", shown, ""]


def digest(document: dict[str, Any]) -> str:
    """Give 16 hexadecimal digits that change with the evidence."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:16]


def compare_runs(
    asked: RefitConfig, arms: Sequence[Arm], reader: RunReader, refit_run: str
) -> Evidence:
    """Compare the complete runs of the refit ``refit_run``."""
    seeds = range(asked.seeds)
    runs = complete_runs(reader, refit_run)
    truth, labels, results = measured(reader, arms, seeds, runs)
    about_what = Asked(
        study=asked.study,
        study_run=asked.study_run,
        refit_run=refit_run,
        data_sha256=reader.run(asked.study_run).tags.get(Tag.DATA_SHA256, ""),
        labels=labels,
        seeds=tuple(seeds),
        judged_by=asked.judged_by,
    )
    return compare(about_what, truth, results)


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
    for judged in evidence.arms:
        for name, scores in judged.scores.items():
            prefix = f"{judged.arm.name.replace(' ', '_')}"
            yield f"{prefix}/mean_test_{name}", scores.mean
            yield f"{prefix}/std_test_{name}", scores.std
    for one in evidence.comparisons:
        prefix = one.arm.name.replace(" ", "_")
        for name, difference in (one.differences or {}).items():
            yield f"{prefix}/difference_test_{name}", difference.mean
            yield f"{prefix}/difference_low_test_{name}", difference.simultaneous[0]
            yield f"{prefix}/difference_high_test_{name}", difference.simultaneous[1]
            yield f"{prefix}/p_test_{name}", difference.p_holm
        if one.mcnemar_p_holm is not None:
            yield f"{prefix}/p_mcnemar", one.mcnemar_p_holm
        if one.share is not None:
            yield f"{prefix}/share_of_validation_gain_left", one.share
