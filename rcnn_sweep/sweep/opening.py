"""Opening the study of a plan: created once, resumed ever after."""

import warnings
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import optuna
from omegaconf import DictConfig
from optuna.exceptions import DuplicatedStudyError, ExperimentalWarning
from optuna.storages import BaseStorage
from optuna.study import StudyDirection

from rcnn_sweep.errors import UserError
from rcnn_sweep.names import StudyAttr
from rcnn_sweep.sweep.defaults import completed
from rcnn_sweep.sweep.failure import SweepFailed
from rcnn_sweep.sweep.hooks import StudyHooks, StudyInfo
from rcnn_sweep.sweep.ownership import check_owner, claim
from rcnn_sweep.sweep.planning import Plan, is_dated
from rcnn_sweep.sweep.storage import (
    StorageRefused,
    exclusively,
    masked,
    reopen_storage,
    sqlite_file,
)
from rcnn_sweep.sweep.study import Queue, check_record


def find_study(plan: Plan) -> Queue | None:
    """Give the plan's study if there is one; raises :class:`UserError` if it is another's."""
    file = sqlite_file(plan.url)
    if file is not None and not file.exists():
        return None
    storage = reopen_storage(plan.url)
    try:
        study_id = storage.get_study_id_from_name(plan.study_name)
    except KeyError:
        return None
    queue = Queue(storage, study_id, plan.url)
    _check_record(plan, queue)
    return queue


def _check_record(plan: Plan, queue: Queue) -> None:
    if _is_blank(plan, queue):
        return
    recorded = completed(queue.study_attr(StudyAttr.RECORD), plan.defaults)
    check_record(plan.study_name, recorded, plan.record)


def _is_blank(plan: Plan, queue: Queue) -> bool:
    """Say whether a study is only just created, as a command that is killed then leaves it.

    It has neither record nor trials, and the plan's directions, which cannot be changed.
    """
    if queue.study_attr(StudyAttr.RECORD) is not None or queue.trials():
        return False
    found = queue.storage.get_study_directions(queue.study_id)
    return [direction.name.lower() for direction in found] == list(plan.options.directions)


def placed(plan: Plan, master: DictConfig, found: Queue | None) -> Plan:
    """Give the plan with the study's own directory, which a dated one keeps from its first day.

    Raises :class:`UserError` where another study owns it.
    """
    earlier = found.study_attr(StudyAttr.DIRECTORY) if found is not None else None
    if earlier is not None and is_dated(master):
        plan = replace(plan, directory=Path(earlier))
    check_owner(plan.directory, found.study_attr(StudyAttr.IDENTITY) if found else None)
    return plan


def open_study(plan: Plan) -> Queue:
    """Create the plan's study or resume it; two drivers may do so at once.

    Raises :class:`UserError` where the storage refuses what is to be written.
    """
    try:
        return _opened(plan)
    except StorageRefused as error:
        raise UserError(str(error)) from error


def _opened(plan: Plan) -> Queue:
    storage = reopen_storage(plan.url)

    def created() -> Queue:
        queue = Queue(storage, _created(plan, storage), plan.url)
        if _is_blank(plan, queue):
            queue.set_study_attr(StudyAttr.RECORD, plan.record)
        if queue.study_attr(StudyAttr.IDENTITY) is None:
            queue.set_study_attr(StudyAttr.IDENTITY, uuid4().hex)
        return queue

    queue = exclusively(plan.url, created)
    _check_record(plan, queue)
    identity = str(queue.study_attr(StudyAttr.IDENTITY))
    claim(plan.directory, identity, plan.study_name, masked(plan.url))
    exclusively(plan.url, lambda: _set_slots(plan, queue))
    queue.set_study_attr(StudyAttr.BASELINE, plan.baseline)
    queue.set_study_attr(StudyAttr.DIRECTORY, str(plan.directory))
    queue.set_study_attr(StudyAttr.IS_SEARCH, plan.is_search)
    study = optuna.load_study(study_name=plan.study_name, storage=storage)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        study.set_metric_names(list(plan.options.metrics))
    return queue


def _set_slots(plan: Plan, queue: Queue) -> None:
    """Set how many slots the study has, and the points that the application gave them.

    A command that is at work on the study follows. Raises :class:`UserError` where another has
    given a slot another point since this one made its plan.
    """
    if plan.is_total_given or queue.size() is None:
        slots = queue.look()
        total = slots.total_for(plan.n_trials, most=len(plan.first))
        queue.set_study_attr(StudyAttr.N_TRIALS, total)
    if not plan.is_search:
        known = queue.points()
        if any(known.get(slot, point) != point for slot, point in plan.first.items()):
            raise UserError(
                f"study {plan.study_name}: expected no other command to begin on it just now; one "
                "has. Give the command again."
            )
        queue.set_study_attr(StudyAttr.POINTS, {**known, **plan.first})
        queue.set_study_attr(StudyAttr.LEFT_OUT, plan.left_out)


def _created(plan: Plan, storage: BaseStorage) -> int:
    try:
        directions = [StudyDirection[name.upper()] for name in plan.options.directions]
        return storage.create_new_study(directions, plan.study_name)
    except DuplicatedStudyError:
        return storage.get_study_id_from_name(plan.study_name)


def open_parent(queue: Queue, hooks: StudyHooks, info: StudyInfo) -> dict[str, object]:
    """Have the hooks open or reopen the study's record, once for all drivers.

    Raises :class:`UserError` as they do, and :class:`SweepFailed` for whatever else they raise.
    """

    def opened() -> dict[str, object]:
        earlier = queue.study_attr(StudyAttr.PARENT)
        try:
            parent = hooks.open_study(info, earlier)
        except UserError:
            raise
        except Exception as error:
            raise SweepFailed(f"the study's record could not be opened: {error}") from error
        queue.set_study_attr(StudyAttr.PARENT, parent)
        queue.set_study_attr(StudyAttr.COMMAND, info.command)
        return parent

    return exclusively(queue.url, opened)
