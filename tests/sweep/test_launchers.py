"""One contract for every launcher: exact budget, no directory twice, a dead worker survived."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from hydra.errors import MissingConfigException
from omegaconf import DictConfig, OmegaConf
from optuna.trial import TrialState
from servers import PASSWORD, Postgres, free_port, needs_postgres, postgres
from slurm_cluster import SlurmCluster, needs_slurm, slurm_cluster
from small import HANGS

from rcnn_sweep.config import explain
from rcnn_sweep.errors import UserError
from rcnn_sweep.overrides import NO_JOBLIB
from rcnn_sweep.sweep.workers.launchers import launcher_of

from .conftest import Toy

__all__ = ["postgres", "slurm_cluster"]

BASE = ("hydra.sweeper.study_name=s", "hydra.sweeper.pruner.name=none", "hydra.sweeper.workers=2",
        "hydra.sweeper.reuse_duplicates=false")  # fmt: skip
PLUGINS = {
    "basic": "hydra",
    "ray": "hydra_plugins.hydra_ray_launcher",
    "submitit_local": "hydra_plugins.hydra_submitit_launcher",
    "submitit_slurm": "hydra_plugins.hydra_submitit_launcher",
}


def _is_missing(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is None
    except ModuleNotFoundError:
        return True


def _marks(name: str) -> list[pytest.MarkDecorator]:
    module = PLUGINS[name]
    missing = pytest.mark.skipif(_is_missing(module), reason=f"{module} is not installed")
    return [missing, needs_slurm] if name == "submitit_slurm" else [missing]


def on(*names: str) -> pytest.MarkDecorator:
    """Run a test on those launchers, each with what it needs."""
    rows = [pytest.param(name, marks=_marks(name)) for name in names]
    return pytest.mark.parametrize("launcher", rows, indirect=True)


@pytest.fixture
def launcher(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The launcher's name; its cluster is there, and no job is left in it afterwards."""
    name: str = request.param
    if name != "submitit_slurm":
        yield name
        return
    cluster: SlurmCluster = request.getfixturevalue("slurm_cluster")
    cluster.export(monkeypatch)
    yield name
    cluster.wait_until_empty()


def chosen(target: str) -> DictConfig:
    return OmegaConf.create({"hydra": {"launcher": {"_target_": target}}})


def test_joblib_is_answered_in_one_line_whether_or_not_it_is_installed() -> None:
    """Installed, Hydra composes it and the sweeper refuses; else Hydra misses its config."""
    with pytest.raises(UserError) as refused:
        launcher_of(chosen("hydra_plugins.hydra_joblib_launcher.joblib_launcher.JoblibLauncher"))
    missing = MissingConfigException(
        "", missing_cfg_file="hydra/launcher/joblib", options=["basic"]
    )
    told = explain(missing, ["hydra/launcher=joblib"])
    assert str(refused.value) == told == NO_JOBLIB
    assert len(told.splitlines()) == 1 and "hydra.sweeper.workers=N starts local processes" in told


def test_unknown_launcher_gets_the_careful_treatment() -> None:
    unknown = launcher_of(chosen("my.own.CloudLauncher"))
    assert unknown.name == "CloudLauncher"
    assert not (unknown.is_watched or unknown.in_memory or unknown.shares_gpus)


@pytest.mark.slow
@on(*PLUGINS)
def test_launcher_drains_the_queue(toy: Toy, launcher: str) -> None:
    toy.run(*BASE, f"hydra/launcher={launcher}", "hydra.sweeper.n_trials=8", "seconds=1")
    assert [t.number for t in toy.trials(TrialState.COMPLETE)] == list(range(8))
    assert len({call[1] for call in toy.calls()}) == 2, "two processes"
    for number in range(8):
        assert (toy.directory / "multirun" / "s" / str(number) / ".hydra" / "config.yaml").exists()


@pytest.mark.slow
@on(*PLUGINS)
def test_launcher_can_be_interrupted_and_resumed(toy: Toy, launcher: str) -> None:
    command = (*BASE, f"hydra/launcher={launcher}", "hydra.sweeper.n_trials=4", "seconds=1",
               "fault=silent")  # fmt: skip
    driver = toy.start(*command)
    toy.wait_until(driver, lambda: len(toy.calls()) >= 2)
    driver.send_signal(signal.SIGINT)
    out, err = driver.communicate(timeout=HANGS)
    assert driver.returncode == 130, out + err
    ended = toy.trials(TrialState.FAIL)
    assert {t.user_attrs["failure"] for t in ended} == {"interrupted"}
    assert not [t for t in ended if "before its worker did" in t.user_attrs["reason"]]
    assert not toy.trials(TrialState.RUNNING)
    toy.run(*command)
    assert len(toy.trials(TrialState.COMPLETE)) == 4


@pytest.mark.slow
@on(*PLUGINS)
def test_killed_worker_is_replaced_while_the_others_go_on(toy: Toy, launcher: str) -> None:
    command = (*BASE, f"hydra/launcher={launcher}", "hydra.sweeper.n_trials=200", "seconds=1")
    driver = toy.start(*command)
    toy.wait_until(driver, lambda: len({call[1] for call in toy.calls()}) == 2)
    calls = toy.calls()
    number, victim = calls[-1][:2]
    (survivor,) = {call[1] for call in calls} - {victim}
    os.kill(int(victim), signal.SIGKILL)
    toy.wait_until(driver, lambda: len({call[1] for call in toy.calls()}) == 3)
    done = len([call for call in toy.calls("end") if call[1] == survivor])
    toy.wait_until(driver, lambda: len([c for c in toy.calls("end") if c[1] == survivor]) > done)
    driver.send_signal(signal.SIGINT)
    out, err = driver.communicate(timeout=HANGS)
    assert driver.returncode == 130, out + err
    kinds = {trial.number: trial.user_attrs["failure"] for trial in toy.trials(TrialState.FAIL)}
    assert [number for number, kind in kinds.items() if kind == "dead"] == [int(number)]
    retries = [trial for trial in toy.trials() if "retry_of" in trial.user_attrs]
    assert [trial.user_attrs["retry_of"] for trial in retries] == [int(number)]
    assert not toy.trials(TrialState.RUNNING)


@pytest.mark.slow
@on("submitit_local")
def test_workers_that_do_not_answer_are_marked_interrupted(toy: Toy, launcher: str) -> None:
    driver = toy.start(*BASE, f"hydra/launcher={launcher}", "seconds=60",
                       "hydra.sweeper.hooks=toy_hooks.Hooks")  # fmt: skip
    # The hooks make that two steps of 30 s: longer than the grace period.
    toy.wait_until(driver, lambda: len(toy.calls()) == 2)
    driver.send_signal(signal.SIGINT)
    out, err = driver.communicate(timeout=HANGS)
    assert driver.returncode == 130, out + err
    assert not toy.trials(TrialState.RUNNING)
    ended = toy.trials(TrialState.FAIL)
    assert {t.user_attrs["failure"] for t in ended} == {"interrupted"}
    marks = [x for x in (toy.directory / "hooks.txt").read_text().splitlines() if "orphan" in x]
    assert len(marks) == len(ended) == 2


@pytest.mark.slow
@needs_postgres
@on("submitit_local", "submitit_slurm")
def test_password_of_the_storage_is_in_no_file(toy: Toy, postgres: Postgres, launcher: str) -> None:
    out = toy.run(*BASE, f"hydra/launcher={launcher}", "hydra.sweeper.n_trials=2",
                  f"hydra.sweeper.storage={postgres.url}")  # fmt: skip
    assert len(toy.calls("end")) == 2
    assert PASSWORD not in out
    files = [path for path in toy.directory.rglob("*") if path.is_file()]
    assert [path for path in files if path.suffix == ".pkl"], "the launcher's own files"
    assert not [path for path in files if PASSWORD.encode() in path.read_bytes()]


@contextmanager
def ray_cluster() -> Iterator[str]:
    """The address of a Ray cluster that runs before any sweep does."""
    folder, address = Path(tempfile.mkdtemp(prefix="rcnn-ray-")), f"127.0.0.1:{free_port()}"
    options = [f"--port={address.partition(':')[2]}", "--node-ip-address=127.0.0.1", "--num-cpus=2"]
    options += [f"--temp-dir={folder}", "--include-dashboard=false", "--disable-usage-stats"]
    words = [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block", *options]
    with (folder / "log").open("wb") as log:
        head = subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True)
    try:
        deadline = time.monotonic() + 90
        while "Ray runtime started" not in (folder / "log").read_text():
            assert head.poll() is None and time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.2)
        yield address
    finally:
        parts = [head, *psutil.Process(head.pid).children(recursive=True)]
        head.terminate()
        with suppress(subprocess.TimeoutExpired):
            head.wait(20)
        for part in parts:
            with suppress(psutil.NoSuchProcess):
                part.kill()
        head.wait(HANGS)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
@on("ray")
def test_ray_cluster_that_runs_already_is_used(
    toy: Toy, launcher: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    with ray_cluster() as address:
        toy.run(*BASE, f"hydra/launcher={launcher}", "hydra.sweeper.n_trials=2",
                f"hydra.launcher.ray.init.address='{address}'")  # fmt: skip
    assert len(toy.trials(TrialState.COMPLETE)) == 2
