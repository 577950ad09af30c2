"""What is made of a study that has been searched: files, plots, importances, a list of studies."""

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
    from rcnn_sweep.sweep.results.importance import FEWEST, importances
    from rcnn_sweep.sweep.results.listing import list_studies
    from rcnn_sweep.sweep.results.result_files import draws_plots, write_results

__all__ = [
    "FEWEST",
    "draw_front",
    "draw_history",
    "draw_importance",
    "draw_parallel",
    "draw_slices",
    "draws_plots",
    "importances",
    "list_studies",
    "write_results",
]

if not TYPE_CHECKING:
    __getattr__ = lazy(__name__)
