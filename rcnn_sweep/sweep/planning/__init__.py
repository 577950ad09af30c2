"""What a command is going to do, settled before anything runs."""

from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy

if TYPE_CHECKING:
    from rcnn_sweep.sweep.planning.jobless import outside_jobs
    from rcnn_sweep.sweep.planning.places import directory_of, is_dated
    from rcnn_sweep.sweep.planning.plan import Plan, estimate
    from rcnn_sweep.sweep.planning.planner import make_plan, with_points, with_total
    from rcnn_sweep.sweep.planning.request import Request

__all__ = [
    "Plan",
    "Request",
    "directory_of",
    "estimate",
    "is_dated",
    "make_plan",
    "outside_jobs",
    "with_points",
    "with_total",
]

if not TYPE_CHECKING:
    __getattr__ = lazy(__name__)
