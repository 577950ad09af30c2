"""The end of a refit: evidence from its runs, onto its record, and the champion from it."""

from collections.abc import Sequence

from rcnn_sweep.refit.candidates import Arm
from rcnn_sweep.refit.config import RefitConfig
from rcnn_sweep.refit.document import as_json
from rcnn_sweep.refit.evidence import Asked, Evidence
from rcnn_sweep.refit.predictions import complete_runs, measured
from rcnn_sweep.refit.weighing import weighed
from rcnn_sweep.refit.wording import about, sentence, text
from rcnn_sweep.tracking.reading import Reader
from rcnn_sweep.tracking.record import Record


def conclude(asked: RefitConfig, arms: Sequence[Arm], reader: Reader, record: Record) -> list[str]:
    """Record the evidence and register the champion; give the lines to print."""
    evidence = found(asked, arms, reader, record.run_id)
    write(evidence, record)
    return ["", text(evidence), ""]


def found(asked: RefitConfig, arms: Sequence[Arm], reader: Reader, refit_run: str) -> Evidence:
    """Weigh the complete runs."""
    seeds = range(asked.seeds)
    runs = complete_runs(reader, refit_run)
    truth, labels, results = measured(reader, arms, seeds, runs)
    about_what = Asked(
        study=asked.study,
        study_run=asked.study_run,
        refit_run=refit_run,
        data_sha256=reader.run(asked.study_run).tags.get("rcnn_sweep.data_sha256", ""),
        labels=labels,
        seeds=tuple(seeds),
        judged_by=asked.judged_by,
    )
    return weighed(about_what, truth, results)


def write(evidence: Evidence, record: Record) -> None:
    """Put the evidence on the refit's record."""
    sentences = [about(comparison, evidence) for comparison in evidence.comparisons]
    document = as_json(evidence, sentence(evidence), sentences)
    record.json("refit/evidence.json", document)
    record.describe(text(evidence))
