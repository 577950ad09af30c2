"""Runs the toy apps as real processes, each test in a directory of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import optuna
import pytest
from forked import ForkedApp
from optuna.trial import FrozenTrial, TrialState
from small import HANGS

from rcnn_sweep.sweep.storage import open_storage, storage_url

ROOT = Path(__file__).parents[2]
APP = Path(__file__).parent / "apps" / "toy.py"


@dataclass(frozen=True)
class Toy:
    """The toy app in its working directory."""

    directory: Path

    def start(self, *arguments: str, mode: tuple[str, ...] = ("-m",)) -> subprocess.Popen[str]:
        return ForkedApp(
            [sys.executable, str(APP), *mode, *arguments],
            cwd=self.directory,
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{APP.parent}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, code: int = 0, mode: tuple[str, ...] = ("-m",)) -> str:
        process = self.start(*arguments, mode=mode)
        out, err = process.communicate(timeout=HANGS)
        assert process.returncode == code, out + err
        return out + err

    def study(self, name: str = "s") -> optuna.Study:
        url = storage_url(f"sqlite:///{self.directory / 'studies.db'}")
        return optuna.load_study(study_name=name, storage=open_storage(url))

    def trials(self, *states: TrialState) -> list[FrozenTrial]:
        return self.study().get_trials(states=states or None)

    def calls(self, kind: str = "start") -> list[list[str]]:
        """Give number, pid, time, x and y of each call of the task."""
        log = self.directory / "calls.txt"
        lines = log.read_text().splitlines() if log.exists() else []
        return [line.split()[1:] for line in lines if line.startswith(kind)]

    def wait_until(
        self, driver: subprocess.Popen[str], condition: Callable[[], object], seconds: float = HANGS
    ) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert driver.poll() is None, driver.communicate()
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.02)


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    directory = tmp_path / "it's a dir, ähm"
    directory.mkdir()
    return Toy(directory)
