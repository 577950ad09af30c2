"""A study as it stands in its storage, read into plain values."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial

from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.space import Value
from rcnn_sweep.sweep.storage import masked, open_storage, sqlite_file, storage_url
from rcnn_sweep.sweep.study.definition import flattened
from rcnn_sweep.sweep.study.queue import point_of
from rcnn_sweep.sweep.study.ranking import best_of, word_of


@dataclass(frozen=True)
class TrialSnapshot:
    """One trial. ``state`` is complete, pruned, failed, interrupted, withdrawn, running, waiting.

    ``values`` are the objectives in the study's order, empty where there are none. ``steps`` maps
    a reported step (epoch, from 1) to the objective's value there. ``seconds`` is its duration.
    """

    number: int
    state: str
    params: Mapping[str, Value]
    values: tuple[float, ...]
    steps: Mapping[int, float]
    started: datetime | None
    seconds: float | None
    slot: int | None
    retry_of: int | None
    duplicate_of: int | None
    run_id: str | None
    seed: int | None
    worker: str | None
    reason: str


@dataclass(frozen=True)
class StudySnapshot:
    """One study. ``record`` is what must not change in it: space, config, data, seed.

    ``best`` is the best trial alone, or the Pareto front; ``baseline`` the trial of the composed
    config, None where it did not complete. ``parent`` is what the hooks returned when they opened
    the study's own record, ``command`` resumes it. ``storage`` has its password masked.
    """

    name: str
    storage: str
    directions: tuple[str, ...]
    metrics: tuple[str, ...]
    trials: tuple[TrialSnapshot, ...]
    best: tuple[TrialSnapshot, ...]
    baseline: TrialSnapshot | None
    record: Mapping[str, Any]
    parent: Mapping[str, Any]
    command: str
    directory: Path | None
    is_search: bool


def read_study(name: str | None, storage: str | None) -> StudySnapshot:
    """Read study ``name`` from ``storage`` (None: studies.db here); None: the last search.

    Raises :class:`UserError` where there is no such storage or study; it never creates one.
    """
    url = storage_url(storage)
    opened = existing_storage(url)
    known = sorted(optuna.study.get_all_study_names(opened))
    if name is None:
        name = _latest(opened, known, masked(url))
    elif name not in known:
        near = difflib.get_close_matches(name, known, n=3) or known[:3]
        raise UserError(
            f"expected a study of {masked(url)}; received {name!r}.\n"
            f"It holds {', '.join(near) or 'none'} (python -m rcnn_sweep studies lists them)."
        )
    return _read(opened, name, masked(url))


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
    return bool(attrs.get("is_search", True))


def _last_start(storage: BaseStorage, name: str) -> datetime:
    trials = storage.get_all_trials(storage.get_study_id_from_name(name), deepcopy=False)
    starts = [trial.datetime_start for trial in trials if trial.datetime_start is not None]
    return max(starts, default=datetime.min)


def _read(storage: BaseStorage, name: str, shown: str) -> StudySnapshot:
    study_id = storage.get_study_id_from_name(name)
    attrs = storage.get_study_user_attrs(study_id)
    frozen = storage.get_all_trials(study_id, deepcopy=False)
    directions = tuple(d.name.lower() for d in storage.get_study_directions(study_id))
    trials = {trial.number: _trial(trial) for trial in frozen}
    record = attrs.get("record", {})
    return StudySnapshot(
        name=name,
        storage=shown,
        directions=directions,
        metrics=tuple(record.get("metric", ["value"] * len(directions))),
        trials=tuple(trials.values()),
        best=tuple(trials[trial.number] for trial in best_of(frozen, directions)),
        baseline=_baseline(tuple(trials.values()), attrs, record),
        record=record,
        parent=attrs.get("parent") or {},
        command=attrs.get("command", ""),
        directory=Path(attrs["directory"]) if "directory" in attrs else None,
        is_search=is_search(storage, name),
    )


def _baseline(
    trials: tuple[TrialSnapshot, ...], attrs: Mapping[str, Any], record: Mapping[str, Any]
) -> TrialSnapshot | None:
    """Give the baseline's trial; early studies did not note its point, but had its config."""
    complete = [trial for trial in trials if trial.state == "complete"]
    if "baseline" in attrs:
        return next((t for t in complete if t.params == attrs["baseline"]), None)
    base = dict(flattened(record.get("config", {})))
    return next((t for t in complete if t.params and t.params.items() <= base.items()), None)


def _trial(trial: FrozenTrial) -> TrialSnapshot:
    attrs = trial.user_attrs
    return TrialSnapshot(
        number=trial.number,
        state=word_of(trial),
        params=point_of(trial),
        values=tuple(trial.values or ()),
        steps=dict(sorted(trial.intermediate_values.items())),
        started=trial.datetime_start,
        seconds=None if trial.duration is None else trial.duration.total_seconds(),
        slot=attrs.get("slot"),
        retry_of=attrs.get("retry_of"),
        duplicate_of=attrs.get("duplicate_of"),
        run_id=attrs.get("mlflow_run_id"),
        seed=attrs.get("seed"),
        worker=attrs.get("worker"),
        reason=str(attrs.get("reason", "")),
    )
