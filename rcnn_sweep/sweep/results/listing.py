"""The studies of a storage, each with its state and the command that resumes it."""

from collections.abc import Iterator

import optuna
from optuna.storages import BaseStorage

from rcnn_sweep.names import StudyAttr
from rcnn_sweep.process import CommandLine, command, one_line, typable
from rcnn_sweep.sweep.findings import best_of, counts_and_repeats
from rcnn_sweep.sweep.storage import masked, storage_url
from rcnn_sweep.sweep.study import (
    existing_storage,
    is_search,
    snapshot_of,
    stale_trials,
    waiting_slots,
)

NO_COMMAND = "not shown: what the storage holds is no command that a sweep records"


def list_studies(storage: str | None) -> Iterator[str]:
    """Give the lines that tell of every study in ``storage`` (None: ``studies.db`` here).

    Raises :class:`UserError` where there is no such storage; it never creates one.
    """
    url = storage_url(storage)
    opened = existing_storage(url)
    names = sorted(optuna.study.get_all_study_names(opened))
    yield f"{len(names)} in {masked(url)}"
    for name in names:
        yield from _told(opened, name)


def _told(storage: BaseStorage, name: str) -> Iterator[str]:
    study_id = storage.get_study_id_from_name(name)
    frozen = storage.get_all_trials(study_id, deepcopy=False)
    trials = list(map(snapshot_of, frozen))
    attrs = storage.get_study_user_attrs(study_id)
    directions = [d.name.lower() for d in storage.get_study_directions(study_id)]
    metrics = attrs.get(StudyAttr.RECORD, {}).get("metric", ["value"] * len(directions))
    found = counts_and_repeats(trials, waiting_slots(frozen, attrs))
    counts = ", ".join(f"{count} {state}" for state, count in found.items())
    yield f"\n{one_line(name)}: {counts or 'no trials'}"
    for best in best_of(trials, directions)[:3] if is_search(storage, name) else []:
        values = zip(metrics, best.values, strict=False)
        shown = ", ".join(f"{metric}={value:.6g}" for metric, value in values)
        params = " ".join(f"{key}={value}" for key, value in best.params.items())
        yield f"  best:   trial {best.number}: {one_line(f'{shown} {params}')}"
    if dead := ", ".join(str(trial.number) for trial in stale_trials(frozen)):
        reap = command("studies", "--reap")
        yield f"  dead:   trial {dead} says RUNNING, but no process runs it: {reap} ends it"
    if StudyAttr.COMMAND in attrs:
        read = CommandLine.recorded(attrs[StudyAttr.COMMAND])
        yield f"  resume: {typable(str(read)) if read else NO_COMMAND}"
