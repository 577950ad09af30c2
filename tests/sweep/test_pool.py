"""Worker processes of this machine: what they are given, and what they leave behind."""

import os
import signal
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from small import HANGS

from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.study import Retries, Slots
from rcnn_sweep.sweep.workers.driver import Driver
from rcnn_sweep.sweep.workers.pool import ProcessPool, packed

from .conftest import Toy

RETRIES = Retries(1, datetime.now())
APP = """
import threading
LOCK = threading.Lock()
def helper():
    return LOCK, main
def main(config):
    return helper()
"""


def parent_of_a_sleeper(directory: Path) -> Any:
    """Give a job that starts a child, notes its number and waits; pickled by value, being local."""

    class Job:
        spec = SimpleNamespace(directory=directory)
        master = None

        def __call__(self, _: object) -> None:
            import subprocess
            import time

            child = subprocess.Popen(["sleep", "60"])
            (directory / "child.partial").write_text(str(child.pid))
            (directory / "child.partial").rename(directory / "child")
            time.sleep(60)

    return Job()


def kill_worker(pool: ProcessPool) -> None:
    os.kill(pool.processes[0].pid, signal.SIGKILL)


def is_gone(number: int) -> bool:
    try:
        return psutil.Process(number).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_until(condition: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.mark.parametrize("end", [kill_worker, ProcessPool.kill])
def test_worker_that_is_killed_leaves_no_child_behind(
    tmp_path: Path, end: Callable[[ProcessPool], None]
) -> None:
    pool = ProcessPool(tmp_path, 1)
    pool.give(parent_of_a_sleeper(tmp_path))
    pool.scale_to(1)
    wait_until((tmp_path / "child").exists, 60)
    child = int((tmp_path / "child").read_text())
    assert not is_gone(child)
    end(pool)
    wait_until(lambda: not pool.alive(), 10)
    wait_until(lambda: is_gone(child), 2)


def test_global_that_cannot_be_copied_is_named() -> None:
    scope: dict[str, Any] = {"__name__": "__main__"}
    exec(APP, scope)
    job: Any = SimpleNamespace(task=scope["main"])
    with pytest.raises(UserError, match="its global LOCK cannot be copied"):
        packed(job)


def test_a_worker_that_dies_before_it_has_read_its_job_is_a_dead_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Large:
        spec = SimpleNamespace(directory=tmp_path)
        master = None
        content = b"x" * 10_000_000  # more than a pipe holds

    monkeypatch.setattr("sys.executable", "/bin/false")
    large: Any = Large()
    pool = ProcessPool(tmp_path, 1)
    pool.give(large)
    pool.scale_to(1)
    wait_until(lambda: pool.alive() == 0, 10)
    assert "ended with code 1" in str(pool.last_failure())


def test_a_worker_that_dies_before_it_gets_its_job_is_a_dead_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    pool = ProcessPool(tmp_path, 1)
    pool.scale_to(1)
    pool.processes[0].wait(HANGS)
    pool.give(notes_its_process(tmp_path))
    pool.give(notes_its_process(tmp_path))
    assert pool.alive() == 0
    assert "ended with code 1" in str(pool.last_failure())


EAGER = """
import os
from pathlib import Path
from rcnn_sweep.sweep import StudyHooks
class Eager(StudyHooks):
    @staticmethod
    def preload():
        Path("partial").write_text(str(os.getpid()))
        Path("partial").rename("preloaded")
        if Path("broken").exists():
            raise ImportError("no such library")
"""


def notes_its_process(directory: Path) -> Any:
    """Give a job that notes in which process it runs."""

    class Job:
        master = None

        def __call__(self, _: object) -> None:
            import os

            (directory / "worked").write_text(str(os.getpid()))

    return Job()


@pytest.fixture
def eager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProcessPool:
    """A pool of one worker, with hooks that note what they do, in the working directory."""
    (tmp_path / "eager_hooks.py").write_text(EAGER)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    return ProcessPool(tmp_path, 1, "eager_hooks.Eager")


def test_a_worker_imports_what_its_app_needs_before_it_gets_its_job(eager: ProcessPool) -> None:
    eager.scale_to(1)
    wait_until(Path("preloaded").exists, 60)
    assert eager.alive() == 1
    eager.give(notes_its_process(Path.cwd()))
    wait_until(lambda: not eager.alive(), 60)
    assert Path("worked").read_text() == Path("preloaded").read_text()
    assert eager.last_failure() is None
    assert eager.started == 1


def test_what_fails_to_be_imported_early_is_told_and_costs_nothing(eager: ProcessPool) -> None:
    Path("broken").touch()
    eager.give(notes_its_process(Path.cwd()))
    eager.scale_to(1)
    wait_until(lambda: not eager.alive(), 60)
    assert Path("worked").exists()
    assert "ImportError: no such library" in eager.log_file(0).read_text()


def test_a_worker_whose_driver_ends_before_it_has_a_job_just_ends(eager: ProcessPool) -> None:
    eager.scale_to(1)
    process = eager.processes[0]
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(HANGS) == 0
    assert eager.log_file(0).read_text() == ""


def test_a_worker_that_waits_for_its_job_is_ended_with_its_pool(eager: ProcessPool) -> None:
    eager.scale_to(1)
    wait_until(Path("preloaded").exists, 60)
    eager.kill()
    assert eager.alive() == 0


SWEEP = (
    "hydra.sweeper.study_name=s",
    "hydra.sweeper.n_trials=4",
    "hydra.sweeper.workers=2",
    "hydra.sweeper.hooks=toy_hooks.SlowHooks",
)


def preloaded(toy: Toy) -> set[int]:
    return {int(path.name.rpartition("-")[2]) for path in toy.directory.glob("preloaded-*")}


@pytest.mark.slow
def test_workers_start_while_the_record_is_opened_and_are_the_ones_that_work(toy: Toy) -> None:
    driver = toy.start(*SWEEP, "x=int(interval(1,5))")
    toy.wait_until(driver, lambda: (toy.directory / "opening").exists())
    toy.wait_until(driver, lambda: len(preloaded(toy)) == 2)
    assert not toy.calls()
    (toy.directory / "go").touch()
    out, err = driver.communicate(timeout=HANGS)
    assert driver.returncode == 0, out + err
    assert {int(pid) for _, pid, *_ in toy.calls()} <= preloaded(toy)
    assert len(preloaded(toy)) == 2


@pytest.mark.slow
@pytest.mark.parametrize(("end", "code"), [("Ctrl-C", 130), ("kill", -9), ("an error", 1)])
def test_workers_that_have_no_job_yet_end_with_their_command(toy: Toy, end: str, code: int) -> None:
    driver = toy.start(*SWEEP, "x=int(interval(1,5))")
    toy.wait_until(driver, lambda: len(preloaded(toy)) == 2)
    toy.wait_until(driver, lambda: (toy.directory / "opening").exists())
    if end == "an error":
        (toy.directory / "go").write_text("fail")
    else:
        driver.send_signal(signal.SIGINT if end == "Ctrl-C" else signal.SIGKILL)
    out, err = driver.communicate(timeout=60)
    assert driver.returncode == code, out + err
    wait_until(lambda: all(map(is_gone, preloaded(toy))), 30)
    assert not toy.calls()


@pytest.mark.parametrize(
    ("cost", "least", "most"), [(0.0, 0.5, 0.5), (0.03, 1.0, 2.0), (9.0, 2.0, 2.0)]
)
def test_a_driver_whose_looks_are_dear_looks_less_often(
    cost: float, least: float, most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, waits = [0.0], list[float]()

    def look() -> Slots:
        clock[0] += cost
        return Slots()

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            raise InterruptedError

    monkeypatch.setattr("rcnn_sweep.sweep.workers.driver.time.thread_time", lambda: clock[0])
    monkeypatch.setattr("rcnn_sweep.sweep.workers.driver.signals.wait", wait)
    for name in ("_judge", "_check_progress"):
        monkeypatch.setattr(Driver, name, lambda *_: None)
    monkeypatch.setattr(Driver, "_is_over", lambda *_: False)
    queue, reaper = SimpleNamespace(look=look), SimpleNamespace(reap=lambda _: False)
    pool = SimpleNamespace(scale_to=lambda _: None)
    job = SimpleNamespace(spec=SimpleNamespace(wanted=lambda *_: 2, retries=RETRIES))
    driver = Driver(queue, reaper, job, pool, 2, near_end=list)  # type: ignore[arg-type]
    with pytest.raises(InterruptedError):
        driver._supervise(pool)  # type: ignore[arg-type]
    assert all(least <= seconds <= most for seconds in waits)


@pytest.mark.slow
def test_hooks_are_told_once_that_the_end_is_near(toy: Toy) -> None:
    toy.run("hydra.sweeper.study_name=s", "hydra.sweeper.n_trials=3", "hydra.sweeper.workers=2",
            "seconds=1.5", "hydra.sweeper.hooks=toy_hooks.Hooks")  # fmt: skip
    log = (toy.directory / "hooks.txt").read_text().splitlines()
    assert [line.split()[0] for line in log] == ["prepare", "open", "near", "close"]
