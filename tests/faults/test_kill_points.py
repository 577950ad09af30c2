"""A slice of ``kill_points.py``: struck before some of its changes, a sweep ends all the same."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("kill_points.py")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "changes", "tried"),
    [
        (("--fault", "kill", "--first", "10", "--every", "60"), (150,), (3,)),
        (
            ("--sweep", "record", "--fault", "kill", "full", "--first", "106", "--every", "240"),
            (330, 250),
            (1, 1),
        ),
    ],
)
def test_a_sweep_struck_before_a_change_loses_and_doubles_nothing(
    words: tuple[str, ...], changes: tuple[int, ...], tried: tuple[int, ...]
) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *words], capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = re.findall(r"(\d+) points, (\d+) of them tried, (\d+) held", done.stdout)
    assert len(told) == len(tried)
    for (points, chosen, held), least, few in zip(told, changes, tried, strict=True):
        assert int(points) > least and int(chosen) == int(held) >= few
