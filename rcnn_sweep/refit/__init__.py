"""Is a sweep's winner really better than its baseline? Retrained, judged on test, registered."""

from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy

if TYPE_CHECKING:
    from rcnn_sweep.refit.candidates import chosen, judged_by
    from rcnn_sweep.refit.hooks import RecordedRefit
    from rcnn_sweep.refit.retraining import task

__all__ = [
    "RecordedRefit",
    "chosen",
    "judged_by",
    "task",
]

if not TYPE_CHECKING:
    __getattr__ = lazy(__name__)
