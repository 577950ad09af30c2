"""The typed configuration: what the keys are, what may stand in them, where the files lie."""

from rcnn_sweep.config.checks import check, problems, refused_passwords
from rcnn_sweep.config.mistakes import config_keys, explain, explained, is_mistake
from rcnn_sweep.config.refit import BASE_CONFIG, Candidate, RefitConfig, refit_config
from rcnn_sweep.config.schema import (
    Config,
    TrackingConfig,
    as_dict,
    flat,
    from_yaml,
    to_yaml,
    typed,
)
from rcnn_sweep.config.store import config_folder, register_schemas
from rcnn_sweep.config.training import TrainingConfig, scheduled_epochs, shortened

__all__ = [
    "BASE_CONFIG",
    "Candidate",
    "Config",
    "RefitConfig",
    "TrackingConfig",
    "TrainingConfig",
    "as_dict",
    "check",
    "config_folder",
    "config_keys",
    "explain",
    "explained",
    "flat",
    "from_yaml",
    "is_mistake",
    "problems",
    "refit_config",
    "refused_passwords",
    "register_schemas",
    "scheduled_epochs",
    "shortened",
    "to_yaml",
    "typed",
]
