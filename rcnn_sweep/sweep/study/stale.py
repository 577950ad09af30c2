"""Trials that say they run while their process is gone: found, and ended on request."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from rcnn_sweep.names import StudyAttr, TrialAttr
from rcnn_sweep.process import is_dead
from rcnn_sweep.sweep.hooks import StudyHooks
from rcnn_sweep.sweep.storage import storage_url
from rcnn_sweep.sweep.study.queue import Queue
from rcnn_sweep.sweep.study.reading import existing_storage
from rcnn_sweep.sweep.study.reaper import Reaper

HooksOf = Callable[[Mapping[str, Any]], StudyHooks]


def stale_trials(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Give the running trials whose process is known to be gone.

    Workers of other machines are judged by their heartbeats, which only a sweep at work watches.
    """
    running = [trial for trial in trials if trial.state is TrialState.RUNNING]
    return [trial for trial in running if is_dead(str(trial.user_attrs.get(TrialAttr.WORKER)))]


def reap(storage: str | None, hooks_of: HooksOf) -> Iterator[str]:
    """End the stale trials of every study in ``storage`` as a resumed sweep would; tell of each.

    ``hooks_of`` gives the hooks for what the study's own hooks returned when they opened its
    record. What the record holds in full is told to the study as the result that it is.
    """
    url = storage_url(storage)
    opened = existing_storage(url)
    for name in sorted(optuna.study.get_all_study_names(opened)):
        study_id = opened.get_study_id_from_name(name)
        found = stale_trials(opened.get_all_trials(study_id, deepcopy=False))
        if found:
            yield from _ended(opened, study_id, url, name, hooks_of)


def _ended(
    storage: BaseStorage, study_id: int, url: str, name: str, hooks_of: HooksOf
) -> Iterator[str]:
    attrs = storage.get_study_user_attrs(study_id)
    hooks = hooks_of(attrs.get(StudyAttr.PARENT) or {})
    queue = Queue(storage, study_id, url)
    metrics = tuple(attrs.get(StudyAttr.RECORD, {}).get("metric", ["value"]))
    for number in Reaper(queue, hooks, metrics, datetime.now()).reap(queue.look()):
        trial = queue.trial(number)
        reason = trial.user_attrs.get(TrialAttr.REASON, "its record held the result")
        yield f"{name}: trial {number} ended as {trial.state.name}: {reason}"
