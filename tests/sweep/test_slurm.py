"""Workers on a Slurm cluster: stopped, moved and cut off, as a scheduler does with jobs."""

import signal
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf
from optuna.trial import TrialState
from slurm_cluster import SlurmCluster, needs_slurm, slurm_cluster
from small import HANGS

from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.failure import SweepFailed
from rcnn_sweep.sweep.study.slots import Slots
from rcnn_sweep.sweep.workers.driver import FRUITLESS, Driver
from rcnn_sweep.sweep.workers.launchers import launcher_of
from rcnn_sweep.sweep.workers.slurm import Slurm

from .conftest import Toy

pytest.importorskip("submitit")
__all__ = ["slurm_cluster"]

BASE = ("hydra.sweeper.study_name=s", "hydra.sweeper.pruner.name=none",
        "hydra.sweeper.reuse_duplicates=false", "hydra/launcher=submitit_slurm")  # fmt: skip


@pytest.fixture
def cluster(slurm_cluster: SlurmCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlurmCluster]:
    slurm_cluster.export(monkeypatch)
    yield slurm_cluster
    slurm_cluster.wait_until_empty()


@pytest.mark.slow
@needs_slurm
def test_workers_that_are_stopped_are_replaced_and_their_trials_tried_again(
    toy: Toy, cluster: SlurmCluster
) -> None:
    """One by the warning before a time limit, one by scancel, one put back into the queue.

    With ten minutes or fewer submitit takes every warning for that of the time limit.
    """
    driver = toy.start(*BASE, "hydra.sweeper.workers=2", "hydra.sweeper.n_trials=4", "seconds=6",
                       "hydra.sweeper.max_retries=0", "hydra.launcher.timeout_min=10")  # fmt: skip
    toy.wait_until(driver, lambda: len(toy.calls()) == 2)
    warned, cancelled = sorted(cluster.jobs("RUNNING"))
    cluster.ask("scancel", "--signal=USR2", warned)
    cluster.ask("scancel", cancelled)
    toy.wait_until(driver, lambda: len(toy.calls()) >= 4)
    moved = min(cluster.jobs("RUNNING"))
    cluster.ask("scontrol", "requeue", moved)
    toy.wait_until(driver, lambda: moved in cluster.jobs("PENDING"))
    cluster.ask("scontrol", "update", f"JobId={moved}", "StartTime=now")  # else in two minutes
    out, err = driver.communicate(timeout=HANGS)
    assert driver.returncode == 0, out + err
    assert len(toy.trials(TrialState.COMPLETE)) == 4
    ended = toy.trials(TrialState.FAIL)
    assert {t.user_attrs["failure"] for t in ended} == {"interrupted"}
    reasons = sorted(t.user_attrs["reason"] for t in ended)
    assert reasons == ["interrupted (Preempted)", *["interrupted (Terminated)"] * 2]
    retried = {t.user_attrs["retry_of"] for t in toy.trials() if "retry_of" in t.user_attrs}
    assert retried == {t.number for t in ended}
    logs = toy.directory.glob(f"multirun/s/.submitit/{moved}/*_log.*")
    assert "nothing to do" in "".join(log.read_text() for log in logs), "its place was taken"


@pytest.mark.slow
@needs_slurm
@pytest.mark.parametrize(("seconds", "code"), [(4, 0), (60, 130)])
def test_no_job_waits_in_the_queue_for_a_sweep_that_is_over(
    toy: Toy, cluster: SlurmCluster, seconds: int, code: int
) -> None:
    driver = toy.start(*BASE, "hydra.sweeper.workers=2", "hydra.sweeper.n_trials=2",
                       f"seconds={seconds}", "hydra.launcher.cpus_per_task=3")  # fmt: skip
    toy.wait_until(driver, lambda: toy.calls() and cluster.jobs("PENDING"))
    if code:
        driver.send_signal(signal.SIGINT)
    out, err = driver.communicate(timeout=HANGS)
    assert driver.returncode == code, out + err
    assert len({t.user_attrs["worker"] for t in toy.trials()}) == 1, "the other waited"
    assert not toy.trials(TrialState.RUNNING)
    assert not cluster.jobs("PENDING")


def chosen(minutes: int, warning: int = 120) -> DictConfig:
    target = "hydra_plugins.hydra_submitit_launcher.submitit_launcher.SlurmLauncher"
    launcher = {"_target_": target, "timeout_min": minutes, "signal_delay_s": warning}
    return OmegaConf.create({"hydra": {"launcher": launcher}})


def test_time_limit_that_leaves_no_time_is_a_mistake() -> None:
    for master in (chosen(3), chosen(1, warning=30)):
        launcher_of(master).settle(master.hydra.launcher)
    master = chosen(2)
    with pytest.raises(UserError, match=r"timeout_min: expected more .*\(120 s\); received 2"):
        launcher_of(master).settle(master.hydra.launcher)


def test_a_job_that_slurm_starts_once_more_goes_on_for_a_worker_that_died_there(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the worker took its leave, which its result tells, another one has its place."""
    for name, value in {"SUBMITIT_EXECUTOR": "slurm", "SLURM_JOB_ID": "7"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SUBMITIT_FOLDER", str(tmp_path / "%j"))
    monkeypatch.delenv("SLURM_ARRAY_JOB_ID", raising=False)
    result = tmp_path / "7" / "7_0_result.pkl"
    result.parent.mkdir()
    assert not Slurm().is_replaced()
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")
    assert not Slurm().is_replaced()
    result.touch()
    assert Slurm().is_replaced()
    monkeypatch.delenv("SLURM_RESTART_COUNT")
    assert not Slurm().is_replaced(), "the first start of another job of that number"


def test_state_of_a_job_is_read_from_the_queue() -> None:
    from rcnn_sweep.sweep.workers.slurm_queue import QueueWatcher

    watcher = QueueWatcher()
    jobs = ("1", "2", "3", "4", "5", "6", "7")
    for job in jobs:
        watcher.register_job(job)
    watcher._last_status_check = time.time()
    for said in ("6|PENDING\n", "1|RUNNING\n2|PREEMPTED\n3|SUSPENDED\n4|NODE_FAIL\n5|REQUEUED\n"):
        watcher._info_dict.update(watcher.read_info(said))
    over = [job for job in jobs if watcher.is_done(job, "cache")]
    assert over == ["2", "4", "6"], "preempted for good, failed, not listed any more"


def test_jobs_of_a_sweep_are_those_that_its_threads_have_submitted() -> None:
    from rcnn_sweep.sweep.workers.slurm_queue import QueueWatcher

    watcher = QueueWatcher()
    mine, other = (threading.Thread(target=watcher.register_job, args=(job,)) for job in "12")
    for thread in (mine, other):
        thread.start()
        thread.join()
    watcher.register_job("1")
    assert watcher.submitted_by([mine]) == ["1"]


def test_launches_that_only_end_in_interruptions_are_bounded() -> None:
    driver = Driver(None, None, None, None, size=2, near_end=list)  # type: ignore[arg-type]
    pool: Any = SimpleNamespace(started=2, alive=lambda: 0, last_failure=lambda: None)
    slots = Slots()
    for _ in range(2):
        slots.results += 1
        for _ in range(FRUITLESS * 2):
            driver._check_progress(pool, slots)
            pool.started += 1
    with pytest.raises(SweepFailed, match=r"6 workers in a row were stopped .*\.timeout_min"):
        driver._check_progress(pool, slots)
