"""What a study found: numbers, files, drawings, lists."""

from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy

if TYPE_CHECKING:
    from rcnn_sweep.sweep.results.drawings import (
        draw_front,
        draw_history,
        draw_importance,
        draw_parallel,
        draw_slices,
    )
    from rcnn_sweep.sweep.results.files import best_command, write_results
    from rcnn_sweep.sweep.results.importance import FEWEST, importances
    from rcnn_sweep.sweep.results.listing import list_studies
    from rcnn_sweep.sweep.results.summary import (
        SweepSummary,
        summarise,
    )

__all__ = [
    "FEWEST",
    "SweepSummary",
    "best_command",
    "draw_front",
    "draw_history",
    "draw_importance",
    "draw_parallel",
    "draw_slices",
    "importances",
    "list_studies",
    "summarise",
    "write_results",
]

__getattr__ = lazy(__name__)
