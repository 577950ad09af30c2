"""Where the wall time of a sweep goes, and two one-thread workers beside one of two threads.

    python benchmarks/sweep_phases.py --data imdb.npz

The same sweep twice, in turn: a small part of the archive, one epoch, no pruning; once with as many
one-thread workers as there are cores, once with one worker that has them all. Prints for each the
seconds from the command to the first epoch of any trial, trials a minute between the first and the
last epoch, and the seconds from the last epoch to the prompt; then the ratio of trials a minute.
"""

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from _measuring import ROOT, options_with_data

EPOCHS = (
    "SELECT min(timestamp), max(timestamp), count(*) FROM metrics "
    "WHERE key = 'val_loss' AND step > 0"
)


@dataclass(frozen=True)
class Phases:
    """Seconds before the first epoch and after the last, and trials a minute in between."""

    start: float
    rate: float
    end: float


def sweep(data: Path, workers: int, trials: int, reviews: int, folder: Path) -> Phases:
    """Run one sweep; its epochs' times are those that MLflow has of them."""
    began = time.time()
    subprocess.run(
        [sys.executable, "-m", "rcnn_sweep", "-m", f"data.path={data}", "training.epochs=1",
         f"data.train_limit={reviews}", f"hydra.sweeper.workers={workers}",
         f"hydra.sweeper.n_trials={trials}", "hydra.sweeper.pruner.name=none",
         "hydra.sweeper.max_trials_per_worker=1000"],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    ended = time.time()
    with sqlite3.connect(folder / "mlflow.db") as store:
        first, last, count = store.execute(EPOCHS).fetchone()
    first, last = first / 1000, last / 1000
    return Phases(first - began, 60 * (count - 1) / max(last - first, 1e-9), ended - last)


def main() -> None:
    """Run both and print the table."""
    parser = options_with_data(__doc__)
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--reviews", type=int, default=4000)
    given = parser.parse_args()
    cores, load = os.cpu_count() or 1, os.getloadavg()[0]
    rates = []
    for workers, name in ((cores, f"{cores} workers of one thread"), (1, "one worker, all cores")):
        with tempfile.TemporaryDirectory() as folder:
            phases = sweep(
                given.data.absolute(), workers, given.trials, given.reviews, Path(folder)
            )
        rates.append(phases.rate)
        print(
            f"{name}: first epoch after {phases.start:.1f} s, {phases.rate:.1f} trials/minute, "
            f"prompt {phases.end:.1f} s after the last epoch",
            flush=True,
        )
    print(f"ratio of trials a minute {rates[0] / rates[1]:.2f}; {given.trials} trials, "
          f"load before {load:.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
