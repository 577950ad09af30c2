"""A trial as a Hydra job: what ``hydra.core.utils.run_job`` does, at a fraction of its cost.

Hydra copies the config or its ``hydra`` node four times a job and writes both by a YAML emitter in
pure Python; that was half of what a trial cost besides its own work. A job here leaves the same
files, environment, logging, ``HydraConfig`` and calls of callbacks: a test compares the two.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import yaml
from hydra import version
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import (
    JobReturn,
    JobRuntime,
    JobStatus,
    _flush_loggers,
    configure_log,
    env_override,
)
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf._utils import OmegaConfDumper

from rcnn_sweep.sweep.space import without_hydra


class _Dumper(yaml.CDumper):
    """OmegaConf's own dumper, by libyaml: text that reads as a number or truth value is quoted."""


_Dumper.add_representer(str, OmegaConfDumper.str_representer)


def run_job(task: TaskFunction, config: DictConfig, context: HydraContext) -> None:
    """Run ``task`` as a job of a multirun, in ``hydra.sweep.dir`` and ``subdir`` of ``config``.

    ``config`` is composed, with its ``hydra`` node, and belongs to the job from now on. An
    ``Exception`` of the task is handed to the callbacks and goes no further, as with Hydra.
    """
    with _known_to_hydra(config):
        folder = Path(config.hydra.sweep.dir, str(config.hydra.sweep.subdir)).absolute()
        with read_write(config.hydra.runtime), open_dict(config.hydra.runtime):
            config.hydra.runtime.output_dir = str(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with _working_in(folder if _changes_directory(config) else None):
            _run(task, config, context, folder)


def _run(task: TaskFunction, config: DictConfig, context: HydraContext, folder: Path) -> None:
    configure_log(config.hydra.job_logging, config.hydra.verbose)
    task_config = without_hydra(config)
    if config.hydra.output_subdir is not None:
        _write_configs(folder / config.hydra.output_subdir, config, task_config)
    result = JobReturn(cfg=task_config, working_dir=str(Path.cwd()))
    with env_override(config.hydra.job.env_set):
        context.callbacks.on_job_start(config=config, task_function=task)
        try:
            result.return_value, result.status = task(task_config), JobStatus.COMPLETED
        except Exception as error:
            result.return_value, result.status = error, JobStatus.FAILED
    _flush_loggers()
    if context.callbacks.callbacks:
        result.hydra_cfg = OmegaConf.masked_copy(config, "hydra")
        result.overrides = cast(list[str], OmegaConf.to_container(config.hydra.overrides.task))
        result.task_name = JobRuntime.instance().get("name")
        context.callbacks.on_job_end(config=config, job_return=result)


@contextmanager
def _known_to_hydra(config: DictConfig) -> Iterator[None]:
    """Make ``HydraConfig`` and ``${hydra:...}`` tell of this job.

    ``HydraConfig.set_config`` hides the rest of the config from it by a copy; its ``get`` gives the
    ``hydra`` node alone in any case.
    """
    known = HydraConfig.instance()
    before = known.cfg
    OmegaConf.set_readonly(config.hydra, True)
    known.cfg = cast(Any, config)
    try:
        yield
    finally:
        known.cfg = before


def _changes_directory(config: DictConfig) -> bool:
    chosen = config.hydra.job.chdir
    return bool(chosen) if chosen is not None else not version.base_at_least("1.2")


@contextmanager
def _working_in(folder: Path | None) -> Iterator[None]:
    if folder is None:
        yield
        return
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _write_configs(folder: Path, config: DictConfig, task_config: DictConfig) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "config.yaml", _plain(task_config))
    _write(folder / "hydra.yaml", {"hydra": _plain(config.hydra)})
    _write(folder / "overrides.yaml", _plain(config.hydra.overrides.task))


def _plain(config: Any) -> Any:
    return OmegaConf.to_container(config, enum_to_str=True)


def _write(file: Path, content: Any) -> None:
    text = yaml.dump(
        content, Dumper=_Dumper, default_flow_style=False, allow_unicode=True, sort_keys=False
    )
    file.write_text(text, encoding="utf-8")
