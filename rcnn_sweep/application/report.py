"""Reports put where they belong: read, completed by the reference, written, and recorded.

:mod:`rcnn_sweep.report` turns facts into pages; what it takes to have the facts, and where the
pages go, is here.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rcnn_sweep.config import Config, from_yaml
from rcnn_sweep.data import source_of
from rcnn_sweep.errors import UserError
from rcnn_sweep.names import Artifact, Tag
from rcnn_sweep.process import command, without_password
from rcnn_sweep.report import (
    NOT_RECORDED,
    Absent,
    Confusion,
    Known,
    References,
    Split,
    StudyFacts,
    as_recorded,
    find_refit,
    recorded_references,
    run_facts,
    runs_html,
    studies_html,
    study_facts,
    study_html,
    study_note,
    write_page,
)
from rcnn_sweep.sweep import StudySnapshot, is_owner, read_study
from rcnn_sweep.tracking import RunReader, RunSnapshot

if TYPE_CHECKING:
    from rcnn_sweep.application.ahead import ReferencesAhead
    from rcnn_sweep.training import Reference

log = logging.getLogger(__name__)

FILE = "report.html"


def report_study(
    name: str | None,
    storage: str | None,
    *,
    tracking_uri: str | None = None,
    output: Path | None = None,
    may_train: bool = True,
) -> Path:
    """Write the report of study ``name`` (None: the last one) and give its path.

    It goes to ``sweep/report.html`` in the study's directory (to ``report.html`` here where that
    is gone) and, as the artifact of that name, onto the study's MLflow run; with ``output`` into
    that file alone. The first report of a study trains its references, seconds to a minute,
    unless ``may_train`` is false. Raises :class:`UserError` where study, store or folder are
    missing.
    """
    study = read_study(name, storage)
    is_recorded = "run_id" in study.parent
    reader = RunReader(tracking_uri) if is_recorded else None
    facts = study_facts(study, storage, reader)
    if facts.parent is not None and facts.parent.tags.get(Tag.STUDY) != study.name:
        raise UserError(
            f"report: expected {study.name} to name its own MLflow run; it names "
            f"{facts.parent.run_id}, which is none of that study's. Nothing is written there."
        )
    facts = completed(facts, reader, may_train=may_train)
    path = write_page(output or _place(study), study_html(facts))
    if output is None and reader is not None:
        _attach(facts, reader, path)
    return path


def attach_report(
    name: str,
    storage: str,
    tracking_uri: str,
    *,
    may_train: bool,
    ahead: "ReferencesAhead | None" = None,
) -> None:
    """Write and record the report of a study whose sweep or refit has just come to its end.

    The reference is trained with ``may_train`` only, so that one that was stopped ends at once;
    what is being trained ``ahead`` is waited for. What goes wrong is a warning: a report never
    fails a sweep.
    """
    try:
        if ahead is not None:
            ahead.finish()
        report_study(name, storage, tracking_uri=tracking_uri, may_train=may_train)
    except (Exception, KeyboardInterrupt) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        log.warning(
            "No report (%s); %s makes it.", without_password(reason), command("report", name)
        )


def _attach(facts: StudyFacts, reader: RunReader, path: Path) -> None:
    """Put the page onto the study's run, and what it says in short into the run's description."""
    from rcnn_sweep.tracking import RunWriter

    if facts.parent is None:
        return
    writer = RunWriter(reader.client, facts.parent.run_id, facts.parent.experiment_id)
    writer.file(Artifact.SWEEP, path)
    writer.note(study_note(facts))


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
    return write_page(place, studies_html(one, two))


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
    return write_page(output or Path.cwd() / "compare-runs.html", runs_html(facts))


def _file_name(name: str) -> str:
    """Give a study's name as part of a file name."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name)[:60].strip(".") or "study"


def _place(study: StudySnapshot) -> Path:
    """Give the place in the study's directory, else in the working directory.

    A storage of others may name any directory: the study's own has its mark.
    """
    if study.directory is None or not is_owner(study.directory, study.identity):
        log.info(
            "%s has no directory of its own here; writing to the working directory.", study.name
        )
        return Path.cwd() / FILE
    folder = study.directory / Artifact.SWEEP
    folder.mkdir(exist_ok=True)
    return folder / FILE


def completed(facts: StudyFacts, reader: RunReader | None, *, may_train: bool) -> StudyFacts:
    """Add the study's latest refit and the references on the splits that were judged.

    Without ``may_train`` references are shown only where an earlier report has trained them.
    """
    if reader is None or facts.parent is None:
        return facts
    refit = find_refit(facts.study.name, facts.parent, reader)
    validation = references_of(facts, reader, "validation", may_train=may_train)
    if refit is None:
        return replace(facts, validation=validation)
    test = references_of(facts, reader, "test", may_train=may_train)
    if isinstance(test, References) and isinstance(validation, References):
        test = test.measured_by(validation.bar.name)
    return replace(facts, validation=validation, refit=refit, test=test)


def references_of(
    facts: StudyFacts, reader: RunReader, judged: Split, *, may_train: bool
) -> References | Absent:
    """Give the references, trained now and kept on the study's run unless they are there."""
    if facts.parent is None:
        return NOT_RECORDED
    known = recorded_references(facts.parent, judged, judged_by=facts.judged_by)
    if known is not None:
        return known
    if not may_train:
        again = command("report", facts.study.name)
        return Absent(f"It is not trained yet, as the sweep is not over; {again} does it.")
    config = _config(facts, reader)
    if config is None:
        return Absent("No trial of this study recorded its configuration, so its data is unknown.")
    trained = _trained(facts, config, judged)
    if isinstance(trained, References):
        _keep(facts.parent, trained, reader, judged)
    return trained


def _config(facts: StudyFacts, reader: RunReader) -> Config | None:
    """Give the config of a trial: it names the file that its data came from."""
    for run in facts.runs.values():
        recorded = reader.text(run.run_id, Artifact.RESOLVED_CONFIG)
        if recorded is not None:
            return from_yaml(recorded)
    return None


def _trained(facts: StudyFacts, config: Config, judged: Split) -> References | Absent:
    from rcnn_sweep.training import train_references

    expected = {run.tags.get(Tag.DATA_SHA256) for run in facts.runs.values()}
    recorded = next((sha256 for sha256 in expected if sha256 is not None), "")
    try:
        data = source_of(config.data).pinned(config.data, recorded)  # no recorded address is asked
        found = train_references(data, judged)
    except (UserError, OSError, MemoryError) as error:
        return Absent(f"The data of this study cannot be had any more: {error}")
    if not found:
        return Absent("None could be trained on this data; the log says why.")
    if found[0].sha256 not in expected:
        return Absent(
            f"The data file has changed since the study ({config.data.path}): a reference "
            "trained on it now would not be comparable."
        )
    return References.of([_known(reference) for reference in found], facts.judged_by)


def _known(found: "Reference") -> Known:
    reached = found.evaluation
    matrix = tuple(tuple(int(cell) for cell in row) for row in reached.matrix)
    return Known(
        name=found.name,
        accuracy=reached.accuracy,
        f1_macro=reached.f1_macro,
        f1_micro=reached.f1_micro,
        seconds=found.seconds,
        rows=found.rows,
        available=found.available,
        confusion=Confusion(reached.labels, matrix),
    )


def _keep(parent: RunSnapshot, found: References, reader: RunReader, judged: Split) -> None:
    from rcnn_sweep.tracking import RunWriter

    writer = RunWriter(reader.client, parent.run_id, parent.experiment_id)
    metrics, tags = as_recorded(found, judged)
    writer.metrics(metrics)
    writer.tags(tags)
