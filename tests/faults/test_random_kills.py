"""The benchmark of random kills, with few of them: nothing is lost, doubled or left running."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from small import ROOT


@pytest.mark.slow
def test_killed_drivers_and_workers_cost_time_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "kills"
    script = [sys.executable, str(ROOT / "benchmarks" / "random_kills.py"), "--folder", folder]
    few = ["--kills", "2", "--trials", "4", "--rows", "200", "--latest", "15"]
    done = subprocess.run([*map(str, script), *few], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    told = {
        figures["kind"]: figures for figures in json.loads((folder / "figures.json").read_text())
    }
    assert list(told) == ["undisturbed", "drivers killed", "workers killed"]
    assert told["drivers killed"]["kills"] == 2
    assert told["workers killed"]["kills"] >= 1
    for figures in told.values():
        assert figures["finished"] == 4
        for wrong in ("lost", "duplicated", "overwritten", "running", "exit_code"):
            assert figures[wrong] == 0, (figures, wrong)
