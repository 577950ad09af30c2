"""The task of a refit's trials: one candidate, trained with one seed, judged on test."""

import logging
from collections.abc import Mapping
from contextlib import chdir
from dataclasses import replace

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from rcnn_sweep.application import Job, recorded_run
from rcnn_sweep.config import Config, RefitConfig, TrackingConfig, from_yaml, refit_config
from rcnn_sweep.data import load
from rcnn_sweep.names import Tag
from rcnn_sweep.overrides import as_typed
from rcnn_sweep.sweep import TrialContext, current_trial
from rcnn_sweep.tracking import Store, tracking_uri

log = logging.getLogger(__name__)


def task(composed: DictConfig) -> Mapping[str, float]:
    """Train the composed pair of candidate and seed; give its metrics."""
    trial = current_trial()
    if trial is None:
        raise RuntimeError("a refit's task runs as a trial only")
    hydra = HydraConfig.get()
    with chdir(hydra.runtime.cwd):  # stores and data lie where the command was started
        return _retrained_run(refit_config(composed), trial, as_typed(hydra.overrides.task))


def _retrained_run(
    asked: RefitConfig, trial: TrialContext, overrides: list[str]
) -> Mapping[str, float]:
    arm = trial.parent["arms"][str(asked.trial)]
    config = retrained(arm, asked.seed, trial, asked.tracking.uri)
    dataset = load(config.data, say=log.info)
    config = replace(config, data=dataset.config)
    store = Store(tracking_uri(asked.tracking.uri), str(trial.parent["experiment"]))
    tags = {
        Tag.CANDIDATE: arm["name"],
        Tag.CANDIDATE_TRIAL: str(asked.trial),
        Tag.SEED: str(asked.seed),
    }
    job = Job(config, dataset, overrides, trial, kind="run", tags=tags)
    return recorded_run(job, store).metrics


def retrained(arm: dict[str, str], seed: int, trial: TrialContext, uri: str | None) -> Config:
    """Give the arm's config with its seed, recorded where the study is, the model logged."""
    config = from_yaml(arm["config"])
    tracking = TrackingConfig(
        uri=uri,
        experiment=str(trial.parent["experiment"]),
        run_name=f"{arm['name']}, seed {seed}",
        log_model=True,
    )
    return replace(config, training=replace(config.training, seed=seed), tracking=tracking)
