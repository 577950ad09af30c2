"""What a launcher's worker is given, and by which way."""

import ctypes
import os
import pickle
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from small import HANGS

from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.space.space import Space
from rcnn_sweep.sweep.storage import with_password
from rcnn_sweep.sweep.workers import resources
from rcnn_sweep.sweep.workers.launcher_pool import Launch, LauncherPool, launched
from rcnn_sweep.sweep.workers.launchers import launcher_of
from rcnn_sweep.sweep.workers.resources import THREADS, automatic_workers, environment_of
from rcnn_sweep.sweep.workers.spec import WorkerSpec
from rcnn_sweep.sweep.workers.worker import WorkerJob

URL = "postgresql://me:secret@127.0.0.1/studies"
SERVER = {"MLFLOW_TRACKING_URI": "http://me:secret@127.0.0.1:5000"}
RAY = "hydra_plugins.hydra_ray_launcher.ray_launcher.RayLauncher"
LOCAL = "hydra_plugins.hydra_submitit_launcher.submitit_launcher.LocalLauncher"


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", os.environ.copy())
    os.environ["CUDA_VISIBLE_DEVICES"] = "4,7"
    os.environ.pop("RCNN_SWEEP_STORAGE", None)


def job_of(launcher: str) -> WorkerJob:
    spec = WorkerSpec(
        options=None,  # type: ignore[arg-type]
        space=Space([]),
        study_name="s",
        url=URL,
        directory=Path(),
        working_directory=Path(),
        fixed=(),
        points={},
        parent={},
        session="session",
        began=datetime.now(),
    )
    master = OmegaConf.create({"hydra": {"launcher": {"_target_": launcher}}})
    return WorkerJob(spec, None, master, print)  # type: ignore[arg-type]


def test_jobs_in_memory_carry_passwords_and_never_show_them() -> None:
    work = launched(job_of(RAY), 2, SERVER).spec
    assert work.url == URL == with_password(work.url)
    assert work.environment == SERVER
    assert "secret" not in repr(work)
    assert "RCNN_SWEEP_STORAGE" not in os.environ


def test_jobs_on_disk_leave_passwords_to_the_environment() -> None:
    work = launched(job_of(LOCAL), 2, SERVER).spec
    assert b"secret" not in pickle.dumps(work)
    assert os.environ["MLFLOW_TRACKING_URI"] == SERVER["MLFLOW_TRACKING_URI"]
    assert with_password(work.url) == URL
    del os.environ["RCNN_SWEEP_STORAGE"]
    with pytest.raises(UserError, match="RCNN_SWEEP_STORAGE: expected the URL"):
        with_password(work.url)


@pytest.mark.parametrize(
    ("gpus", "trials", "workers", "threads"),
    [("", 30, 8, "1"), ("", 2, 2, "4"), ("4,7", 30, 2, "4"), ("-1", 30, 8, "1")],
)
def test_there_is_a_worker_a_core_or_a_gpu_and_none_without_a_trial(
    monkeypatch: pytest.MonkeyPatch, gpus: str, trials: int, workers: int, threads: str
) -> None:
    monkeypatch.setattr(resources, "cores", lambda: 8)
    os.environ["CUDA_VISIBLE_DEVICES"] = gpus
    assert automatic_workers(trials) == workers
    variables = environment_of(workers)
    assert {variables[name] for name in THREADS} == {threads}


def test_workers_of_this_machine_get_a_gpu_each_and_share_its_memory() -> None:
    job = launched(job_of(LOCAL), 2, {})
    jobs = [LauncherPool(job, 2, lambda: True)._job(index) for index in (0, 1)]
    assert [j.spec.environment["CUDA_VISIBLE_DEVICES"] for j in jobs] == ["4", "7"]
    assert jobs[0].spec.defaults["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"
    remote = LauncherPool(launched(job_of(RAY), 2, {}), 2, lambda: True)._job(0)
    assert "CUDA_VISIBLE_DEVICES" not in remote.spec.environment


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_what_a_launch_has_started_lives_on_when_the_launch_is_over() -> None:
    """As a Ray cluster does: its processes ask to die with the thread that started them."""
    children: list[subprocess.Popen[bytes]] = []

    def die_with_the_thread() -> None:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)

    def start() -> None:
        children.append(subprocess.Popen(["sleep", "60"], preexec_fn=die_with_the_thread))

    launch = Launch(start)
    launch.begin()
    assert launch.is_over.wait(HANGS)
    with pytest.raises(subprocess.TimeoutExpired):
        children[0].wait(0.5)
    children[0].kill()
    children[0].wait()


@pytest.mark.parametrize(("given", "sent"), [({}, None), ({"object_store_memory": 10**8}, 10**8)])
def test_size_of_rays_object_store_is_rays_own_unless_given(
    given: dict[str, int], sent: int | None
) -> None:
    """The launcher puts a size of its own where none is, which a running cluster refuses."""
    init = {"address": "auto", **given}
    launcher = OmegaConf.create({"_target_": RAY, "ray": {"init": init}})
    OmegaConf.set_struct(launcher, True)
    launcher_of(OmegaConf.create({"hydra": {"launcher": launcher}})).settle(launcher)
    assert launcher.ray.init.setdefault("object_store_memory", 78643200) == sent
