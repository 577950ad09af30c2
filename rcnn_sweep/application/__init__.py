"""This application: one run, its part in a sweep, and the reports of both."""

from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy

if TYPE_CHECKING:
    from rcnn_sweep.application.epochs import decided_epochs, of_fixed_length
    from rcnn_sweep.application.live_report import LivePage, Made, live_server, made
    from rcnn_sweep.application.report import (
        attach_report,
        report_comparison,
        report_runs,
        report_study,
    )
    from rcnn_sweep.application.run import Job, recorded_run, run_composed
    from rcnn_sweep.application.study import RecordedStudy, RecordedTrials
    from rcnn_sweep.application.vectors import check_same_vectors

__all__ = [
    "Job",
    "LivePage",
    "Made",
    "RecordedStudy",
    "RecordedTrials",
    "attach_report",
    "check_same_vectors",
    "decided_epochs",
    "live_server",
    "made",
    "of_fixed_length",
    "recorded_run",
    "report_comparison",
    "report_runs",
    "report_study",
    "run_composed",
]

if not TYPE_CHECKING:
    __getattr__ = lazy(__name__)
