"""What the engine costs a trial as a study grows, beside bare Optuna on a like storage.

    python benchmarks/engine_scale.py --trials 1000 --sampler random
    python benchmarks/engine_scale.py --total 100000 --trials 50

A sweep of the toy app, whose trials take no time, with one worker in the driver's process; then as
many trials of bare Optuna (``ask``, the same suggestions and reports, ``tell``) in one process on
an SQLite file of its own. Prints for both the CPU seconds a trial of the first and the last tenth
and their ratio, and the time to the first trial. With ``--total`` the study has so many slots, and
Ctrl-C ends the sweep after ``--trials``: prints how long that took, too.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from os import environ
from pathlib import Path

import optuna

ROOT = Path(__file__).parents[1]
APP = ROOT / "tests" / "sweep" / "apps" / "toy.py"
SAMPLERS = {"random": "RandomSampler", "tpe": "TPESampler"}


def sweep(folder: Path, trials: int, total: int, sampler: str) -> list[float]:
    """Sweep the toy app; gives the driver's CPU seconds at each trial's start."""
    words = [sys.executable, str(APP), "-m", "x=int(interval(1,1000))", "y=interval(0.1,9.9)"]
    words += [f"hydra.sweeper.{word}" for word in (
        "workers=1", f"n_trials={total}", "study_name=s", f"sampler.name={sampler}",
        "pruner.name=none", "plots=false",
    )]  # fmt: skip
    calls = folder / "cpu.txt"
    settings = {**environ, "PYTHONPATH": str(ROOT), "TOY_CPU": str(calls)}
    began = time.monotonic()
    driver = subprocess.Popen(words, cwd=folder, env=settings, stdout=subprocess.DEVNULL)
    first = None
    while driver.poll() is None:
        done = len(calls.read_text().splitlines()) if calls.exists() else 0
        if first is None and done:
            first = time.monotonic() - began
        if total > trials and done >= trials:
            stopped = time.monotonic()
            driver.send_signal(signal.SIGINT)
            driver.wait()
            print(f"Ctrl-C ended it with {driver.returncode} in {time.monotonic() - stopped:.1f} s")
        time.sleep(0.05)
    print(f"{total} slots: the first trial began {first or 0:.1f} s after the command")
    return [float(line) for line in calls.read_text().splitlines()]


def bare(folder: Path, trials: int, sampler: str) -> list[float]:
    """Do the same with Optuna alone; gives the CPU seconds at each trial's start."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=f"sqlite:///{folder / 'bare.db'}",
        sampler=getattr(optuna.samplers, SAMPLERS[sampler])(seed=0),
        pruner=optuna.pruners.NopPruner(),
    )
    starts = []
    for _ in range(trials):
        starts.append(time.process_time())
        trial = study.ask()
        x, y = trial.suggest_int("x", 1, 1000), trial.suggest_float("y", 0.1, 9.9)
        for step in range(1, 5):
            trial.report(-((x - 3) ** 2) - y + step, step)
            trial.should_prune()
        study.tell(trial, -((x - 3) ** 2) - y)
    return [*starts, time.process_time()]


def told(name: str, starts: list[float]) -> tuple[float, float]:
    """Print the CPU milliseconds a trial of the first and last tenth; gives both."""
    tenth = max(1, (len(starts) - 1) // 10)
    first = (starts[tenth] - starts[0]) / tenth * 1000
    last = (starts[-1] - starts[-1 - tenth]) / tenth * 1000
    whole = (starts[-1] - starts[0]) / (len(starts) - 1) * 1000
    print(f"{name}: {whole:.0f} ms CPU a trial; first tenth {first:.0f}, last tenth {last:.0f}, "
          f"ratio {last / first:.2f}")  # fmt: skip
    return whole, last / first


def main() -> None:
    """Run both and print their figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--total", type=int, default=0)
    parser.add_argument("--sampler", choices=sorted(SAMPLERS), default="random")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        own = sweep(folder, given.trials, given.total or given.trials, given.sampler)
        ours, _ = told("sweep", own)
        theirs, _ = told("bare Optuna", bare(folder, given.trials, given.sampler))
    print(f"the sweep takes {ours / theirs:.2f} times the CPU of bare Optuna")


if __name__ == "__main__":
    main()
