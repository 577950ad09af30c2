"""What a sweep says while it is at work."""

from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy

if TYPE_CHECKING:
    from rcnn_sweep.sweep.console.lines import (
        print_opening,
        print_plan,
        print_summary,
        summary_lines,
    )
    from rcnn_sweep.sweep.console.progress import Progress

__all__ = [
    "Progress",
    "print_opening",
    "print_plan",
    "print_summary",
    "summary_lines",
]

if not TYPE_CHECKING:
    __getattr__ = lazy(__name__)
