"""Reports put where they belong: into a file, and onto the study's MLflow run."""

import logging
from pathlib import Path

from rcnn_sweep.report.evidence import find_refit
from rcnn_sweep.report.facts import study_facts
from rcnn_sweep.report.page import write_page
from rcnn_sweep.report.study_page import study_page
from rcnn_sweep.report.yardstick import Absent, reference_of
from rcnn_sweep.sweep.reading import StudyRecord, read_study
from rcnn_sweep.tracking.reading import Reader
from rcnn_sweep.tracking.record import Record

log = logging.getLogger(__name__)

FILE = "report.html"
FOLDER = "sweep"


def report_study(
    name: str | None,
    storage: str | None,
    *,
    tracking_uri: str | None = None,
    output: Path | None = None,
) -> Path:
    """Write the report of study ``name`` (None: the last one) and give its path.

    It goes to ``sweep/report.html`` in the study's directory and, as the artifact of that name,
    onto the study's MLflow run; with ``output`` into that file alone. The first report of a study
    trains its reference, seconds to half a minute. Raises :class:`UserError` where study, store
    or folder are missing.
    """
    study = read_study(name, storage)
    is_recorded = "run_id" in study.parent
    reader = Reader(tracking_uri) if is_recorded else None
    path = write_page(output or _place(study), study_html(study, storage, reader))
    if output is None and reader is not None:
        run = reader.run(str(study.parent["run_id"]))
        Record(reader.client, run.run_id, run.experiment_id).file(FOLDER, path)
    return path


def study_html(study: StudyRecord, storage: str | None, reader: Reader | None) -> str:
    """Give the report of ``study`` as HTML; ``reader`` is None for a study without MLflow run."""
    facts = study_facts(study, storage, reader)
    if reader is None:
        absent = Absent("This study is not recorded in MLflow, so its data is not known.")
        return study_page(facts, validation=absent, refit=None, test=None)
    refit = find_refit(facts, reader)
    return study_page(
        facts,
        validation=reference_of(facts, reader, "validation"),
        refit=refit,
        test=None if refit is None else reference_of(facts, reader, "test"),
    )


def _place(study: StudyRecord) -> Path:
    """Give the place in the study's directory, else in the working directory."""
    if study.directory is None or not study.directory.is_dir():
        log.info("The directory of %s is gone; writing to the working directory.", study.name)
        return Path.cwd() / FILE
    folder = study.directory / FOLDER
    folder.mkdir(exist_ok=True)
    return folder / FILE
