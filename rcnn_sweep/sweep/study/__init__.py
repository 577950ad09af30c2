"""A study in its storage: its slots, their ends, what it is about, how it stands."""

from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy

if TYPE_CHECKING:
    from rcnn_sweep.sweep.study.definition import check_record, fingerprint, record_of
    from rcnn_sweep.sweep.study.liveness import Heart, Observer
    from rcnn_sweep.sweep.study.outcome import TrialOutcome, judged, objective
    from rcnn_sweep.sweep.study.queue import (
        AFRESH,
        FAILURES,
        FATAL,
        INTERRUPTED,
        LEFT_OUT,
        Queue,
        kind_of,
        slots_of,
    )
    from rcnn_sweep.sweep.study.ranking import best_of, counts_of, word_of
    from rcnn_sweep.sweep.study.reaper import Reaper
    from rcnn_sweep.sweep.study.snapshot import (
        StudySnapshot,
        TrialSnapshot,
        existing_storage,
        is_search,
        read_study,
    )
    from rcnn_sweep.sweep.study.stale import reap, stale_trials
    from rcnn_sweep.sweep.study.stopping import failures_in_a_row, shared_mistake

__all__ = [
    "AFRESH",
    "FAILURES",
    "FATAL",
    "INTERRUPTED",
    "LEFT_OUT",
    "Heart",
    "Observer",
    "Queue",
    "Reaper",
    "StudySnapshot",
    "TrialOutcome",
    "TrialSnapshot",
    "best_of",
    "check_record",
    "counts_of",
    "existing_storage",
    "failures_in_a_row",
    "fingerprint",
    "is_search",
    "judged",
    "kind_of",
    "objective",
    "read_study",
    "reap",
    "record_of",
    "shared_mistake",
    "slots_of",
    "stale_trials",
    "word_of",
]

__getattr__ = lazy(__name__)
