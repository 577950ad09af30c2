"""A study in its storage: its slots, their ends, what it is about, how it stands."""

from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy

if TYPE_CHECKING:
    from rcnn_sweep.sweep.study.confirmation import Confirmation, confirmation_of
    from rcnn_sweep.sweep.study.definition import check_record, fingerprint, record_of
    from rcnn_sweep.sweep.study.liveness import Heart
    from rcnn_sweep.sweep.study.outcome import TrialOutcome, objective, outcome_of
    from rcnn_sweep.sweep.study.queue import Claim, Queue, stop_mark
    from rcnn_sweep.sweep.study.reading import (
        existing_storage,
        find_study_name,
        is_search,
        read_study,
        waiting_slots,
    )
    from rcnn_sweep.sweep.study.reaper import Reaper
    from rcnn_sweep.sweep.study.slots import Retries, Slots
    from rcnn_sweep.sweep.study.stale import reap, stale_trials
    from rcnn_sweep.sweep.study.stopping import (
        failures_in_a_row,
        is_searched,
        limit_reached,
        shared_mistake,
    )
    from rcnn_sweep.sweep.study.trials import FATAL, INTERRUPTED, snapshot_of

__all__ = [
    "FATAL",
    "INTERRUPTED",
    "Claim",
    "Confirmation",
    "Heart",
    "Queue",
    "Reaper",
    "Retries",
    "Slots",
    "TrialOutcome",
    "check_record",
    "confirmation_of",
    "existing_storage",
    "failures_in_a_row",
    "find_study_name",
    "fingerprint",
    "is_search",
    "is_searched",
    "limit_reached",
    "objective",
    "outcome_of",
    "read_study",
    "reap",
    "record_of",
    "shared_mistake",
    "snapshot_of",
    "stale_trials",
    "stop_mark",
    "waiting_slots",
]

if not TYPE_CHECKING:
    __getattr__ = lazy(__name__)
