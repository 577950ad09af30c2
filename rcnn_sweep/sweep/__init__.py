"""A Hydra sweep as a queue in an Optuna study, drained by long-lived workers.

Task functions need only :func:`report`, :func:`checkpoint` and :func:`current_trial`, which are
light to import and harmless outside a sweep. The sweeper is chosen with ``hydra/sweeper=rcnn``.
"""

from rcnn_sweep.sweep.failure import SweepFailed
from rcnn_sweep.sweep.hooks import MetricNames, Recorded, StudyHooks, StudyInfo
from rcnn_sweep.sweep.trial import (
    ObjectiveNotFinite,
    TrialContext,
    TrialPruned,
    checkpoint,
    current_trial,
    report,
)

__all__ = [
    "MetricNames",
    "ObjectiveNotFinite",
    "Recorded",
    "StudyHooks",
    "StudyInfo",
    "SweepFailed",
    "TrialContext",
    "TrialPruned",
    "checkpoint",
    "current_trial",
    "report",
]
