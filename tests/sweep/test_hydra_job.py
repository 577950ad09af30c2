"""A job of a worker is a job of Hydra's: the same files, surroundings and calls."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra import initialize_config_dir
from hydra._internal.callbacks import Callbacks
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn
from hydra.core.utils import run_job as run_job_of_hydra
from hydra.experimental.callback import Callback
from hydra.types import HydraContext, RunMode, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict

from rcnn_sweep.sweep.workers.hydra_job import run_job

CONFIG = """
x: 4
text: {number: "7", truth: "yes", line: "a: b\\n  ü", none: null, empty: {}, list: [1, "1", [x]]}
own: ${hydra:job.num}/${hydra:runtime.output_dir}
later: ${x}
"""
FILE = "${hydra:runtime.output_dir}/job.log"
MOST = [
    "hydra.job.chdir=true",
    "+hydra.job.env_set.OF_THE_JOB=job${hydra:job.num}",
    "hydra.sweep.subdir=${x}/${hydra.job.num}",
    "hydra.output_subdir=kept",
    "hydra.verbose=[one.of.mine]",
]


class Recorder(Callback):
    """Notes what Hydra's callbacks are told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def on_job_start(self, config: DictConfig, *, task_function: TaskFunction, **_: Any) -> None:
        self.told.append(("start", OmegaConf.to_container(config), os.environ.get("OF_THE_JOB")))

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_: Any) -> None:
        same = (job_return.cfg, job_return.hydra_cfg)
        self.told.append(("end", OmegaConf.to_container(config), os.environ.get("OF_THE_JOB")))
        self.told += [OmegaConf.to_container(c) for c in same if c is not None]
        self.told += [job_return.overrides, job_return.working_dir, job_return.task_name]
        self.told += [job_return.status, repr(job_return._return_value)]


@contextmanager
def composed(folder: Path, words: list[str]) -> Iterator[tuple[DictConfig, HydraContext]]:
    """Give the config of job 3 of a multirun, and the context with a recorder."""
    with initialize_config_dir(str(folder), version_base="1.3"):
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None
        words = ["hydra.mode=MULTIRUN", *words]
        config = hydra.compose_config("app", words, RunMode.MULTIRUN, with_log_configuration=False)
        with open_dict(config):
            config.hydra.sweep.dir = str(folder / "sweep")
            config.hydra.job.id, config.hydra.job.num = "s_3", 3
            config.hydra.job_logging.handlers.file.filename = FILE
        callbacks = Callbacks()
        callbacks.callbacks.append(Recorder())
        yield config, HydraContext(config_loader=hydra.config_loader, callbacks=callbacks)


def left_by(run: Any, folder: Path, words: list[str], error: Exception | None) -> dict[str, Any]:
    """Run a job in a folder of its own and tell all that it does and leaves."""
    seen: dict[str, Any] = {}

    def task(config: DictConfig) -> str:
        seen["config"] = OmegaConf.to_container(config, resolve=True)
        seen["struct"] = OmegaConf.is_struct(config)
        seen["hydra"] = OmegaConf.to_container(OmegaConf.create({"h": HydraConfig.get()}))
        seen["readonly"] = OmegaConf.is_readonly(HydraConfig.get())
        seen["cwd"], seen["variable"] = str(Path.cwd()), os.environ.get("OF_THE_JOB")
        seen["level"] = logging.getLogger("one.of.mine").level
        logging.getLogger("one.of.mine").warning("said by the task")
        config.x = 5  # the task's config is its own
        if error is not None:
            raise error
        return "done"

    before = HydraConfig.instance().cfg
    with composed(folder, words) as (config, context):
        run(task, config, context)
        seen["told"] = context.callbacks.callbacks[-1].told
    assert HydraConfig.instance().cfg is before
    assert Path.cwd() == folder and "OF_THE_JOB" not in os.environ
    files = [file for file in (folder / "sweep").rglob("*") if file.is_file()]
    seen["files"] = {str(file.relative_to(folder)): read(file) for file in files}
    return seen


def read(file: Path) -> Any:
    text = file.read_text("utf-8")
    return yaml.safe_load(text) if file.suffix == ".yaml" else text.partition("]")[2]


def by_hydra(task: TaskFunction, config: DictConfig, context: HydraContext) -> None:
    run_job_of_hydra(task, config, "hydra.sweep.dir", "hydra.sweep.subdir", hydra_context=context)


@pytest.mark.parametrize("error", [None, ValueError("deliberate")])
@pytest.mark.parametrize("words", [[], MOST, ["hydra.output_subdir=null"]])
def test_a_job_does_and_leaves_what_hydras_own_does_and_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], error: Exception | None
) -> None:
    found = []
    for run in (run_job, by_hydra):
        folder = tmp_path / "here"
        folder.mkdir()
        (folder / "app.yaml").write_text(CONFIG)
        monkeypatch.chdir(folder)
        found.append(left_by(run, folder, words, error))
        monkeypatch.chdir(tmp_path)
        folder.rename(tmp_path / run.__name__)
    assert found[0] == found[1]
    assert found[0]["config"]["own"].startswith("3/") and found[0]["readonly"]
    log = f"sweep/{'4/' if words == MOST else ''}3/job.log"
    assert "said by the task" in found[0]["files"][log]


def test_the_files_of_a_job_read_as_they_were_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Text that looks like a number or a truth value stays text: libyaml's emitter is told so."""
    (tmp_path / "app.yaml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    with composed(tmp_path, []) as (config, context):
        run_job(lambda given: None, config, context)
        written = OmegaConf.load(tmp_path / "sweep" / "3" / ".hydra" / "config.yaml")
        assert written.text == config.text
