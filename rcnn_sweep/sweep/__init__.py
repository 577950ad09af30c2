"""A Hydra sweep as a queue in an Optuna study, drained by long-lived workers.

Task functions need only :func:`report` and :func:`current_trial`; both are light to import and
harmless outside a sweep. The sweeper itself is chosen with ``hydra/sweeper=rcnn``.
"""

from rcnn_sweep.sweep.failure import SweepFailed
from rcnn_sweep.sweep.hooks import Recorded, StudyHooks, StudyInfo
from rcnn_sweep.sweep.trial import (
    ObjectiveNotFinite,
    TrialContext,
    TrialPruned,
    current_trial,
    report,
)

__all__ = [
    "ObjectiveNotFinite",
    "Recorded",
    "StudyHooks",
    "StudyInfo",
    "SweepFailed",
    "TrialContext",
    "TrialPruned",
    "current_trial",
    "report",
]
