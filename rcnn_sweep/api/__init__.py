"""What ``import rcnn_sweep`` gives, and what the command line is a client of."""

from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy

if TYPE_CHECKING:
    from rcnn_sweep.api.composition import compose, compose_job, multirun
    from rcnn_sweep.api.models import Model, load_model
    from rcnn_sweep.api.runs import Run, train
    from rcnn_sweep.api.studies import Study, load_study, search, trial_task, with_default_search

__all__ = [
    "Model",
    "Run",
    "Study",
    "compose",
    "compose_job",
    "load_model",
    "load_study",
    "multirun",
    "search",
    "train",
    "trial_task",
    "with_default_search",
]

if not TYPE_CHECKING:
    __getattr__ = lazy(__name__)
