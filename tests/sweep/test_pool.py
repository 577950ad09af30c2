"""Worker processes of this machine: what they are given, and what they leave behind."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.workers.pool import ProcessPool, packed

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
    pool = ProcessPool(parent_of_a_sleeper(tmp_path), 1)
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
    pool = ProcessPool(large, 1)
    pool.scale_to(1)
    wait_until(lambda: pool.alive() == 0, 10)
    assert "ended with code 1" in str(pool.last_failure())
