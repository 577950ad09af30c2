"""How much each parameter of a study matters, as plain numbers."""

import warnings

import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from rcnn_sweep.sweep.storage import storage_url
from rcnn_sweep.sweep.study import existing_storage

FEWEST = 4
"""Completed trials below which an importance would be an accident."""


def importances(name: str, storage: str | None, *, objective: int = 0) -> dict[str, float]:
    """Give the share of each parameter that varies, the largest first; they sum to 1.

    Optuna's PED-ANOVA (Watanabe et al., IJCAI 2023) over the completed trials of study ``name``
    and its objective of that number. Empty with fewer than ``FEWEST`` different points or where
    every trial has one value. Raises :class:`UserError` where the storage does not exist.
    """
    study = optuna.load_study(study_name=name, storage=existing_storage(storage_url(storage)))
    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    points = {str(trial.params) for trial in trials}
    if len(points) < FEWEST or len({trial.values[objective] for trial in trials}) < 2:
        return {}
    varied = _varied(trials)
    if not varied:
        return {}
    # PED-ANOVA asks what leads to low values, whatever the study's direction.
    sign = 1 if study.directions[objective] is StudyDirection.MINIMIZE else -1
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PedAnovaImportanceEvaluator computes")
        found = optuna.importance.get_param_importances(
            study, params=varied, target=lambda trial: sign * float(trial.values[objective])
        )
    return {key: float(value) for key, value in found.items()}


def _varied(trials: list[FrozenTrial]) -> list[str]:
    """Give the parameters that took two values or more."""
    keys = dict.fromkeys(key for trial in trials for key in trial.params)
    return [key for key in keys if len({t.params[key] for t in trials if key in t.params}) > 1]
