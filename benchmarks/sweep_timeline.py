"""How close a sweep comes to ideal list scheduling: trials of very different length, no barrier.

    python benchmarks/sweep_timeline.py --workers 2 --trials 12 --seconds 0.5

Each trial of the toy app sleeps for seconds * (1 + number mod 5), so it costs no CPU time and the
figures show the scheduling alone. Prints, from the app's own log: the span from the first start to
the last end, the ideal span of list scheduling of the same trials in the same order, what waiting
for whole batches would take, and the mean gap between two trials of a worker.
"""

import argparse
import subprocess
import sys
import tempfile
from collections import defaultdict
from os import environ
from pathlib import Path

ROOT = Path(__file__).parents[1]
APP = ROOT / "tests" / "sweep" / "apps" / "toy.py"


def list_schedule(durations: list[float], workers: int) -> float:
    """Give the span when each trial goes to the worker that is free first."""
    free = [0.0] * workers
    for duration in durations:
        index = free.index(min(free))
        free[index] += duration
    return max(free)


def batch_schedule(durations: list[float], workers: int) -> float:
    """Give the span when every batch waits for its longest trial."""
    batches = [durations[i : i + workers] for i in range(0, len(durations), workers)]
    return sum(max(batch) for batch in batches)


def intervals(log: Path) -> dict[int, tuple[str, float, float]]:
    """Give worker, start and end of each trial."""
    starts: dict[int, tuple[str, float]] = {}
    found: dict[int, tuple[str, float, float]] = {}
    for line in log.read_text().splitlines():
        kind, number, worker, seconds = line.split()[:4]
        if kind == "start":
            starts[int(number)] = (worker, float(seconds))
        else:
            found[int(number)] = (*starts[int(number)], float(seconds))
    return dict(sorted(found.items()))


def mean_gap(found: dict[int, tuple[str, float, float]]) -> float:
    """Give the mean time in seconds between a worker's trials."""
    by_worker: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for worker, start, end in found.values():
        by_worker[worker].append((start, end))
    gaps = [
        after[0] - before[1]
        for spans in by_worker.values()
        for before, after in zip(sorted(spans), sorted(spans)[1:], strict=False)
    ]
    return sum(gaps) / len(gaps) if gaps else 0.0


def main() -> None:
    """Run the sweep and print its figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=0.5)
    given = parser.parse_args()
    command = [sys.executable, str(APP), "-m", "uneven=true", f"seconds={given.seconds}", "steps=1"]
    command += [f"hydra.sweeper.{name}" for name in (
        f"workers={given.workers}", f"n_trials={given.trials}",
        "reuse_duplicates=false", "pruner.name=none",
    )]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        environment = {**environ, "PYTHONPATH": str(ROOT)}
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
        found = intervals(Path(folder) / "calls.txt")
    durations = [end - start for _, start, end in found.values()]
    first = min(start for _, start, _ in found.values())
    span = max(end for _, _, end in found.values()) - first
    ideal = list_schedule(durations, given.workers)
    print(f"{len(found)} trials, {given.workers} workers: {span:.2f} s")
    print(f"ideal list scheduling {ideal:.2f} s ({span / ideal - 1:+.1%})")
    print(f"with a barrier        {batch_schedule(durations, given.workers):.2f} s")
    print(f"gap between trials    {mean_gap(found) * 1000:.0f} ms")


if __name__ == "__main__":
    main()
