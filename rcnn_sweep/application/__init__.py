"""This application: one run, and its part in a sweep."""

from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy

if TYPE_CHECKING:
    from rcnn_sweep.application.run import Job, recorded_run, run_composed
    from rcnn_sweep.application.study import RecordedStudy, RecordedTrials

__all__ = [
    "Job",
    "RecordedStudy",
    "RecordedTrials",
    "recorded_run",
    "run_composed",
]

__getattr__ = lazy(__name__)
