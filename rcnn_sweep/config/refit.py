"""The config of a refit, as ``conf/refit.yaml`` composes it. No TensorFlow here."""

from dataclasses import dataclass, field
from typing import Any, cast

from omegaconf import MISSING, OmegaConf

BASE_CONFIG = -1
"""The "trial" that stands for the study's composed config where its baseline never completed."""


@dataclass
class Candidate:
    """A config to retrain: trial ``trial`` of the study, recorded in the MLflow run ``run_id``.

    For :data:`BASE_CONFIG` the run is the study's own.
    """

    trial: int = MISSING
    run_id: str = MISSING


@dataclass
class RefitTracking:
    """Where the study is recorded, and so its refit; null: MLFLOW_TRACKING_URI, else mlflow.db."""

    uri: str | None = None


@dataclass
class RefitConfig:
    """A refit, and the pair (``trial``, ``seed``) that one of its runs trains.

    ``study_run`` is the study's MLflow run, ``candidates`` the baseline and then those compared
    with it, ``seeds`` how many seeds each gets (0, 1, ...), ``judged_by`` the test metric that
    decides: accuracy or f1_macro. ``force`` registers a champion without evidence.
    """

    study: str = MISSING
    study_run: str = MISSING
    candidates: list[Candidate] = field(default_factory=list)
    seeds: int = 5
    judged_by: str = "accuracy"
    force: bool = False
    trial: int = BASE_CONFIG
    seed: int = 0
    tracking: RefitTracking = field(default_factory=RefitTracking)


def refit_config(composed: Any) -> RefitConfig:
    """Turn the composed Hydra config into a typed one."""
    return cast(RefitConfig, OmegaConf.to_object(composed))
