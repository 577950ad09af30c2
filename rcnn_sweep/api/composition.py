"""Overrides become configs and sweeps through Hydra's own objects, without its command line.

Hydra keeps one application at a time in global state, which a notebook may use for another one:
it is ours only for the moment in which the object is made, under a lock, and restored after it.
"""

import threading
from collections.abc import Sequence
from typing import Any

import hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode, TaskFunction
from omegaconf import DictConfig, open_dict

from rcnn_sweep.config import Config, config_folder, explained, register_schemas, typed
from rcnn_sweep.process import typed_as

_LOCK = threading.Lock()


def compose(*overrides: str) -> Config:
    """Compose the config of a run from overrides as on the command line, without running it.

    Values are judged when a run starts; here only keys and types are. Raises
    :class:`rcnn_sweep.UserError` for a misspelt key or option or a value of another type.

    >>> import rcnn_sweep
    >>> rcnn_sweep.compose("data=snippets", "conv.filters=96").conv.filters
    96
    """
    with explained(overrides):
        return typed(compose_job("config", overrides))


def compose_job(name: str, overrides: Sequence[str], *, with_hydra: bool = False) -> DictConfig:
    """Compose the primary config ``name`` as a task function would get it.

    ``with_hydra`` keeps the node ``hydra``, which Hydra keeps from task functions.
    """
    with _LOCK:
        composed: DictConfig = _hydra().compose_config(
            config_name=name,
            overrides=list(overrides),
            run_mode=RunMode.RUN,
            with_log_configuration=False,
        )
    if not with_hydra:
        with open_dict(composed):
            del composed["hydra"]
    return composed


def multirun(
    name: str,
    task: TaskFunction,
    overrides: Sequence[str],
    *,
    command: Sequence[str],
    configure_logging: bool = False,
) -> Any:
    """Sweep over ``overrides`` of the primary config ``name``; gives what the sweeper returns.

    ``command`` are the words after ``python -m rcnn_sweep`` that would do the same: the study
    tells them as the command that resumes it. ``configure_logging`` lets the config set up this
    process's logging, as it does for the command line.
    """
    with _LOCK:
        app = _hydra()
    with typed_as(command):
        return app.multirun(
            config_name=name,
            task_function=task,
            overrides=list(overrides),
            with_log_configuration=configure_logging,
        )


def _hydra() -> Any:
    """Make Hydra's object for this application; its global state is restored at once."""
    register_schemas()
    earlier = GlobalHydra.instance().hydra
    GlobalHydra.instance().clear()
    try:
        with hydra.initialize_config_dir(str(config_folder()), version_base="1.3"):
            return GlobalHydra.instance().hydra
    finally:
        GlobalHydra.instance().hydra = earlier
