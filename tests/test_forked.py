"""Forked commands begin and end as started ones do, and are started where that could differ."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import forked
import pytest
from forked import Forked
from small import HANGS, command_line

WORKER = [sys.executable, "-m", "rcnn_sweep.sweep.workers.child"]


@pytest.mark.parametrize(("words", "code"), [(("--version",), 0), (("conv.filtrs=3",), 2)])
def test_a_forked_command_prints_and_ends_as_a_started_one(
    words: tuple[str, ...], code: int, tmp_path: Path
) -> None:
    def run(**settings: str) -> tuple[bool, int, str, str]:
        process = Forked(
            command_line(*words),
            cwd=tmp_path,
            env={**os.environ, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        out, err = process.communicate(timeout=HANGS)
        return process.answers is not None, process.returncode, out, err

    forked, started = run(), run(PYTHONHASHSEED="1")
    assert forked[0]
    assert not started[0]
    assert forked[1:] == started[1:]
    assert forked[1] == code
    assert any(forked[2:])


def test_a_forked_worker_leads_its_group_reads_its_pipe_and_can_be_killed() -> None:
    for end, code in ((None, 0), (signal.SIGKILL, -9)):
        worker = subprocess.Popen(WORKER, stdin=subprocess.PIPE, start_new_session=True)
        assert isinstance(worker, Forked)
        assert worker.answers is not None
        assert os.getsid(worker.pid) == os.getpgid(worker.pid) == worker.pid
        assert worker.stdin is not None
        if end is None:
            worker.stdin.close()
        else:
            os.killpg(worker.pid, end)
        assert worker.wait(HANGS) == code


@pytest.mark.parametrize("place", ["here", "on the path"])
def test_a_copy_of_the_package_is_started_itself(place: str, tmp_path: Path) -> None:
    package = tmp_path / "rcnn_sweep"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text("print('the copy')")
    settings = {**os.environ, "PYTHONPATH": str(tmp_path) if place == "on the path" else ""}
    done = subprocess.run(
        command_line(),
        cwd=tmp_path if place == "here" else tmp_path.parent,
        env=settings,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "the copy\n"


def test_what_a_test_has_set_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    monkeypatch.setenv("RCNN_SWEEP_CACHE", "kept")
    forked.restore()
    assert forked.read_early(os.environ) == forked.read_early(forked.SETTINGS)
    assert os.environ["RCNN_SWEEP_CACHE"] == "kept"
