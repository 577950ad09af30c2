"""A study as it stands in its storage, read into plain values."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial

from rcnn_sweep.errors import UserError
from rcnn_sweep.names import StudyAttr
from rcnn_sweep.overrides import flattened
from rcnn_sweep.process import CommandLine, command, one_line
from rcnn_sweep.rules import nearest
from rcnn_sweep.sweep.findings import StudySnapshot, TrialSnapshot, best_of, confirmed, trial_at
from rcnn_sweep.sweep.storage import masked, open_storage, sqlite_file, storage_url
from rcnn_sweep.sweep.study.slots import Slots
from rcnn_sweep.sweep.study.trials import snapshot_of

SHOWN = 3
"""Studies named where the one asked for is not there."""


def read_study(name: str | None, storage: str | None) -> StudySnapshot:
    """Read study ``name`` from ``storage`` (None: studies.db here); None: the last search.

    Raises :class:`UserError` where there is no such storage or study; it never creates one.
    """
    opened, found, shown = _found(name, storage)
    return _read(opened, found, shown)


def find_study_name(name: str | None, storage: str | None) -> str:
    """Give the name of the study that :func:`read_study` reads; raises what that raises."""
    return _found(name, storage)[1]


def _found(name: str | None, storage: str | None) -> tuple[BaseStorage, str, str]:
    url = storage_url(storage)
    opened, shown = existing_storage(url), masked(url)
    known = sorted(optuna.study.get_all_study_names(opened))
    if name is None:
        name = _latest(opened, known, shown)
    elif name not in known:
        more = ", ..." if len(known) > SHOWN else ""
        some = one_line(", ".join(known[:SHOWN])) or "none"
        raise UserError(
            f"expected a study of {shown}; received {name!r}.\n"
            f"It holds {some}{more} ({command('studies')} lists them).{nearest(name, known)}"
        )
    return opened, name, shown


def existing_storage(url: str) -> BaseStorage:
    """Open a storage that exists; raises :class:`UserError` for a file that does not."""
    file = sqlite_file(url)
    if file is not None and not file.exists():
        raise UserError(
            f"expected a storage of studies, found no {file}.\n"
            "Start a sweep with -m, change the directory, or name one: --storage URL."
        )
    return open_storage(url)


def _latest(storage: BaseStorage, names: list[str], shown: str) -> str:
    if not names:
        raise UserError(f"expected a study, found none in {shown}. Start a sweep with -m.")
    return max(names, key=lambda name: (is_search(storage, name), _last_start(storage, name)))


def is_search(storage: BaseStorage, name: str) -> bool:
    """Say whether a study seeks a best point; otherwise all of its points were given."""
    attrs = storage.get_study_user_attrs(storage.get_study_id_from_name(name))
    return bool(attrs.get(StudyAttr.IS_SEARCH, True))


def _last_start(storage: BaseStorage, name: str) -> datetime:
    trials = storage.get_all_trials(storage.get_study_id_from_name(name), deepcopy=False)
    starts = [trial.datetime_start for trial in trials if trial.datetime_start is not None]
    return max(starts, default=datetime.min)


def _read(storage: BaseStorage, name: str, shown: str) -> StudySnapshot:
    study_id = storage.get_study_id_from_name(name)
    attrs = storage.get_study_user_attrs(study_id)
    frozen = storage.get_all_trials(study_id, deepcopy=False)
    directions = tuple(d.name.lower() for d in storage.get_study_directions(study_id))
    trials = tuple(map(snapshot_of, frozen))
    record = attrs.get(StudyAttr.RECORD, {})
    return StudySnapshot(
        name=name,
        storage=shown,
        directions=directions,
        metrics=tuple(record.get("metric", ["value"] * len(directions))),
        trials=trials,
        best=tuple(best_of(trials, directions)),
        baseline=_baseline(trials, attrs, record),
        record=record,
        parent=attrs.get(StudyAttr.PARENT) or {},
        command=str(CommandLine.recorded(attrs.get(StudyAttr.COMMAND, "")) or ""),
        directory=Path(attrs[StudyAttr.DIRECTORY]) if StudyAttr.DIRECTORY in attrs else None,
        identity=attrs.get(StudyAttr.IDENTITY),
        is_search=is_search(storage, name),
        waiting=waiting_slots(frozen, attrs),
        standings=confirmed(trials, directions),
    )


def waiting_slots(trials: list[FrozenTrial], attrs: Mapping[str, Any]) -> int:
    """Count the slots of a study, given its trials and attributes, that have no trial yet."""
    slots = Slots()
    slots.update(trials, attrs)
    return slots.untried()


def _baseline(
    trials: tuple[TrialSnapshot, ...], attrs: Mapping[str, Any], record: Mapping[str, Any]
) -> TrialSnapshot | None:
    """Give the baseline's trial; early studies did not note its point, but had its config."""
    if StudyAttr.BASELINE in attrs:
        return trial_at(trials, attrs[StudyAttr.BASELINE])
    complete = [trial for trial in trials if trial.state == "complete"]
    base = flattened(record.get("config", {}))
    return next((t for t in complete if t.params and t.params.items() <= base.items()), None)
