"""The directory of a study: ``hydra.sweep.dir``, settled once for all of its trials."""

from copy import deepcopy
from pathlib import Path
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf.errors import OmegaConfBaseException

from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.space import Composer, Params

HYDRAS = "multirun/${now:%Y-%m-%d}/${now:%H-%M-%S}"
"""Hydra's own default."""

OURS = "multirun"
"""Where studies lie by default, each in a directory of its name, so that it can be resumed."""


def directory_of(master: DictConfig, study_name: str) -> Path:
    """Give the study's directory; raises :class:`UserError` where it cannot be told for all jobs.

    ``${hydra.sweeper.study_name}`` in it is the study's name, also where that was made up.
    """
    if _written(master) == HYDRAS:
        return Path(OURS, study_name).absolute()
    named = deepcopy(master)
    with read_write(named), open_dict(named):
        named.hydra.sweeper.study_name = study_name
    try:
        return Path(str(named.hydra.sweep.dir)).absolute()
    except OmegaConfBaseException as error:
        said = str(error).splitlines()[0]
        raise UserError(
            f"hydra.sweep.dir: expected one directory for all trials; received "
            f"{_written(master)}, which is none ({said}). What differs between trials belongs "
            "into hydra.sweep.subdir."
        ) from error


def check_subdir(composer: Composer, point: Params) -> None:
    """Raise :class:`UserError` where ``hydra.sweep.subdir`` cannot be told for a trial's point."""
    job = composer.job(point)
    with read_write(job), open_dict(job):
        job.hydra.job.id, job.hydra.job.num = "0", 0
    try:
        str(job.hydra.sweep.subdir)
    except OmegaConfBaseException as error:
        raw = cast(dict[str, Any], OmegaConf.to_container(job.hydra.sweep, resolve=False))
        raise UserError(
            f"hydra.sweep.subdir: expected a directory for each trial; received {raw['subdir']}, "
            f"which is none ({str(error).splitlines()[0]})."
        ) from error


def is_dated(master: DictConfig) -> bool:
    """Say whether ``hydra.sweep.dir`` is another one at another time."""
    return "${now:" in _written(master) and _written(master) != HYDRAS


def _written(master: DictConfig) -> str:
    raw = cast(dict[str, Any], OmegaConf.to_container(master.hydra.sweep, resolve=False))
    return str(raw["dir"])
