"""A sweep asked for from Python: no command line, no main thread, the summary returned."""

import subprocess
import sys
from os import environ

import pytest
from small import HANGS

from .conftest import APP, ROOT, Toy


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_sweep_runs_in_a_thread_and_records_the_command_it_was_given(
    toy: Toy, workers: int
) -> None:
    options = ["hydra.sweeper.study_name=s", f"hydra.sweeper.workers={workers}",
               "hydra.sweeper.n_trials=4", "hydra.sweeper.pruner.name=none"]  # fmt: skip
    done = subprocess.run(
        [sys.executable, str(APP.parent / "in_a_thread.py"), *options],
        cwd=toy.directory,
        env={**environ, "PYTHONPATH": f"{ROOT}:{APP.parent}"},
        capture_output=True,
        text=True,
        timeout=HANGS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    best = toy.study().best_trial
    found = f"found complete {{'complete': 4}} ({best.value},) python -m toy x="
    assert found in done.stdout
    assert toy.study().user_attrs["command"] == f"python -m toy -m {' '.join(options)}"
    assert len({call[1] for call in toy.calls()}) == workers
