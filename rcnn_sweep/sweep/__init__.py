"""A Hydra sweep as a queue in an Optuna study, drained by long-lived workers.

Task functions need only :func:`report`, :func:`checkpoint` and :func:`current_trial`, which are
light to import and harmless outside a sweep::

    @hydra.main(config_path="conf", config_name="app", version_base="1.3")
    def main(cfg):
        for epoch in range(1, cfg.epochs + 1):
            loss = train(cfg)
            report(epoch, loss)
        return loss

The sweeper is chosen with ``hydra/sweeper=optuna_async``. Reports and hooks read what it found as
plain values: :class:`StudySnapshot`, :class:`SweepSummary`, :func:`counts`, :func:`gain`.
"""

from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy
from rcnn_sweep.sweep.failure import SweepFailed
from rcnn_sweep.sweep.findings import (
    STATES,
    Pruning,
    Standing,
    StudySnapshot,
    SweepSummary,
    TrialSnapshot,
    counts,
    gain,
    pruning,
    ranked,
    standing_of,
)
from rcnn_sweep.sweep.hooks import MetricNames, Recorded, StudyHooks, StudyInfo
from rcnn_sweep.sweep.space import Params, Value
from rcnn_sweep.sweep.trial import (
    ObjectiveNotFinite,
    TrialContext,
    TrialPruned,
    checkpoint,
    current_trial,
    report,
)

if TYPE_CHECKING:
    from rcnn_sweep.sweep.console import summary_lines
    from rcnn_sweep.sweep.options import read_options
    from rcnn_sweep.sweep.ownership import is_owner
    from rcnn_sweep.sweep.planning import Request
    from rcnn_sweep.sweep.results import (
        FEWEST,
        draw_front,
        draw_history,
        draw_importance,
        draw_parallel,
        draw_slices,
        importances,
        list_studies,
    )
    from rcnn_sweep.sweep.space import command_of
    from rcnn_sweep.sweep.storage import masked, storage_url
    from rcnn_sweep.sweep.study import find_study_name, read_study, reap
    from rcnn_sweep.sweep.sweeper import Sweep
    from rcnn_sweep.sweep.workers import THREADS

__all__ = [
    "FEWEST",
    "STATES",
    "THREADS",
    "MetricNames",
    "ObjectiveNotFinite",
    "Params",
    "Pruning",
    "Recorded",
    "Request",
    "Standing",
    "StudyHooks",
    "StudyInfo",
    "StudySnapshot",
    "Sweep",
    "SweepFailed",
    "SweepSummary",
    "TrialContext",
    "TrialPruned",
    "TrialSnapshot",
    "Value",
    "checkpoint",
    "command_of",
    "counts",
    "current_trial",
    "draw_front",
    "draw_history",
    "draw_importance",
    "draw_parallel",
    "draw_slices",
    "find_study_name",
    "gain",
    "importances",
    "is_owner",
    "list_studies",
    "masked",
    "pruning",
    "ranked",
    "read_options",
    "read_study",
    "reap",
    "report",
    "standing_of",
    "storage_url",
    "summary_lines",
]

if not TYPE_CHECKING:
    __getattr__ = lazy(__name__)
