"""A slice of ``kill_points.py``: killed before some of its changes, a sweep ends all the same."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("kill_points.py")


@pytest.mark.slow
def test_a_sweep_killed_before_a_change_loses_and_doubles_nothing() -> None:
    words = [sys.executable, str(SCRIPT), "--first", "10", "--every", "37"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    changes, points, held = (int(word) for word in done.stdout.split() if word.isdecimal())
    assert changes > 150
    assert points == held == len(range(10, changes + 1, 37))
