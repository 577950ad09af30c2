"""Reports put where they belong: into a file, and onto the study's MLflow run."""

import logging
import re
from collections.abc import Sequence
from pathlib import Path

from rcnn_sweep.errors import UserError
from rcnn_sweep.process import command, without_password
from rcnn_sweep.report.comparison import runs_page, studies_page
from rcnn_sweep.report.evidence import find_refit
from rcnn_sweep.report.facts import run_facts, study_facts
from rcnn_sweep.report.page import write_page
from rcnn_sweep.report.reference import Absent, Judged, reference_of
from rcnn_sweep.report.study_page import study_page
from rcnn_sweep.sweep import StudySnapshot, read_study
from rcnn_sweep.tracking import RunReader

log = logging.getLogger(__name__)

FILE = "report.html"
FOLDER = "sweep"


def report_study(
    name: str | None,
    storage: str | None,
    *,
    tracking_uri: str | None = None,
    output: Path | None = None,
    may_train: bool = True,
) -> Path:
    """Write the report of study ``name`` (None: the last one) and give its path.

    It goes to ``sweep/report.html`` in the study's directory and, as the artifact of that name,
    onto the study's MLflow run; with ``output`` into that file alone. The first report of a study
    trains its reference, seconds to half a minute, unless ``may_train`` is false. Raises
    :class:`UserError` where study, store or folder are missing.
    """
    study = read_study(name, storage)
    is_recorded = "run_id" in study.parent
    reader = RunReader(tracking_uri) if is_recorded else None
    text = study_html(study, storage, reader, may_train=may_train)
    path = write_page(output or _place(study), text)
    if output is None and reader is not None:
        _attach(study, reader, path)
    return path


def attach_report(name: str, storage: str, tracking_uri: str, *, may_train: bool) -> None:
    """Write and record the report of a study whose sweep or refit has just come to its end.

    The reference is trained with ``may_train`` only, so that one that was stopped ends at once.
    What goes wrong is a warning: a report never fails a sweep.
    """
    try:
        report_study(name, storage, tracking_uri=tracking_uri, may_train=may_train)
    except (Exception, KeyboardInterrupt) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        log.warning(
            "No report (%s); %s makes it.", without_password(reason), command("report", name)
        )


def _attach(study: StudySnapshot, reader: RunReader, path: Path) -> None:
    from rcnn_sweep.tracking import RunWriter

    run = reader.run(str(study.parent["run_id"]))
    RunWriter(reader.client, run.run_id, run.experiment_id).file(FOLDER, path)


def report_comparison(
    names: tuple[str, str],
    storage: str | None,
    *,
    tracking_uri: str | None = None,
    output: Path | None = None,
) -> Path:
    """Write the comparison of two studies of one storage and give its path.

    It goes to ``output``, else to ``compare-A-B.html`` in the working directory. Raises
    :class:`UserError` as :func:`report_study` does.
    """
    studies = [read_study(name, storage) for name in names]
    readers = [RunReader(tracking_uri) if "run_id" in s.parent else None for s in studies]
    one, two = (study_facts(s, storage, r) for s, r in zip(studies, readers, strict=True))
    place = output or Path.cwd() / f"compare-{_file_name(names[0])}-{_file_name(names[1])}.html"
    return write_page(place, studies_page(one, two))


def report_runs(
    run_ids: Sequence[str], *, tracking_uri: str | None = None, output: Path | None = None
) -> Path:
    """Write the comparison of MLflow runs and give its path.

    It goes to ``output``, else to ``compare-runs.html`` in the working directory. Raises
    :class:`UserError` where a run or the store is missing.
    """
    reader = RunReader(tracking_uri)
    runs = [reader.run(run_id) for run_id in dict.fromkeys(run_ids)]
    if len(runs) < 2:
        raise UserError("report --runs: expected two or more different runs; received one.")
    facts = [run_facts(reader, run) for run in runs]
    return write_page(output or Path.cwd() / "compare-runs.html", runs_page(facts))


def _file_name(name: str) -> str:
    """Give a study's name as part of a file name."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name)[:60].strip(".") or "study"


def study_html(
    study: StudySnapshot, storage: str | None, reader: RunReader | None, *, may_train: bool = True
) -> str:
    """Give the report of ``study`` as HTML; ``reader`` is None for a study without MLflow run.

    Without ``may_train`` the reference is shown only where an earlier report has trained it.
    """
    facts = study_facts(study, storage, reader)
    if reader is None:
        absent = Absent("This study is not recorded in MLflow, so its data is not known.")
        return study_page(facts, validation=absent, refit=None, test=None)
    refit = find_refit(facts, reader)
    judged: tuple[Judged, ...] = ("validation",) if refit is None else ("validation", "test")
    found = {split: reference_of(facts, reader, split, may_train=may_train) for split in judged}
    return study_page(facts, validation=found["validation"], refit=refit, test=found.get("test"))


def _place(study: StudySnapshot) -> Path:
    """Give the place in the study's directory, else in the working directory."""
    if study.directory is None or not study.directory.is_dir():
        log.info("The directory of %s is gone; writing to the working directory.", study.name)
        return Path.cwd() / FILE
    folder = study.directory / FOLDER
    folder.mkdir(exist_ok=True)
    return folder / FILE
