"""Kill a sweep before each of its changes, one after the other, and give its command again.

    python tests/faults/kill_points.py                   every change, about an hour on two cores
    python tests/faults/kill_points.py --every 20        every twentieth

A small sweep of three trials, without a network, is run once undisturbed, with all its changes
counted: of files, folders and locks, and of the study's database. Then, for the first change, the
second and so on, in a new folder: the sweep is killed (SIGKILL) before it makes that change, and
the same command is given again. Each must end with exit code 0, the exact budget, every result
that the killed command had, none doubled, nothing left running and no file half-written under its
name.

``--first`` and ``--last`` choose a part. Prints a line for each point that did not hold, then how
many did; the exit code is 1 where any did not.
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COUNTED = Path(__file__).with_name("counted.py")
APP = ROOT / "tests" / "sweep" / "apps" / "toy.py"
BUDGET = 3
WORDS = [
    *(
        "-m",
        "hydra.sweeper.study_name=s",
        "hydra.sweeper.workers=1",
        "hydra.sweeper.pruner.name=none",
    ),
    *(f"hydra.sweeper.n_trials={BUDGET}", "steps=1"),
]
TRIALS = """
SELECT t.number, t.state, v.value,
    (SELECT value_json FROM trial_user_attributes a WHERE a.trial_id = t.trial_id AND key = 'slot')
FROM trials t LEFT JOIN trial_values v ON v.trial_id = t.trial_id
"""

Trial = tuple[int, str, float | None, str | None]


def run(folder: Path, killed_at: int) -> "subprocess.CompletedProcess[str]":
    """Give the command in ``folder``, killed before one of its changes (0: before none)."""
    words = [sys.executable, COUNTED, str(killed_at), APP, *WORDS]
    path = os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))
    return subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=600,
    )


def steps_of(folder: Path) -> list[str]:
    """Give the changes that the last command in ``folder`` was about to make."""
    return Path(f"{folder}.steps.txt").read_text(encoding="utf-8").splitlines()


def trials_of(folder: Path) -> list[Trial]:
    """Read the study as a program without Optuna does; nothing where there is none yet."""
    file = folder / "studies.db"
    if not file.exists():
        return []
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return database.execute(TRIALS).fetchall()


def mistakes(
    folder: Path, before: list[Trial], again: "subprocess.CompletedProcess[str]"
) -> list[str]:
    """Say what is wrong after the second command."""
    if again.returncode:
        return [f"exit code {again.returncode}: {again.stderr.strip()[-300:]}"]
    after = trials_of(folder)
    complete = [trial for trial in after if trial[1] == "COMPLETE"]
    found = []
    if len(complete) != BUDGET or len({slot for *_, slot in complete}) != BUDGET:
        found.append(f"{len(complete)} results for {BUDGET} slots")
    if lost := [trial for trial in before if trial[1] == "COMPLETE" and trial not in after]:
        found.append(f"lost or changed: {lost}")
    if others := Counter(trial[1] for trial in after if trial[1] not in ("COMPLETE", "FAIL")):
        found.append(f"left over: {dict(others)}")
    if left := [str(path) for path in folder.rglob("*.partial") if path.is_dir()]:
        found.append(f"half-made databases: {left}")
    sweep = folder / "multirun" / "s"
    rows = (sweep / "sweep" / "trials.csv").read_text(encoding="utf-8").splitlines()[1:]
    if sorted(int(row.split(",")[0]) for row in rows) != sorted(trial[0] for trial in after):
        found.append("trials.csv has other trials")
    if absent := [number for number, *_ in complete if not (sweep / str(number)).is_dir()]:
        found.append(f"no directory of {absent}")
    identity = json.loads((sweep / "study.json").read_text(encoding="utf-8"))["identity"]
    return found if identity else [*found, "the directory belongs to nobody"]


def main() -> int:
    """Kill at each point of the part that was asked for; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=int, default=1, metavar="N")
    parser.add_argument("--last", type=int, metavar="N", help="default: the last change")
    parser.add_argument("--every", type=int, default=1, metavar="N")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kill-points-") as place:
        whole = Path(place, "whole")
        whole.mkdir()
        undisturbed = run(whole, 0)
        assert not (found := mistakes(whole, [], undisturbed)), found
        steps = steps_of(whole)
        points = range(options.first, (options.last or len(steps)) + 1, options.every)
        held = 0
        for point in points:
            folder = Path(place, str(point))
            folder.mkdir()
            killed = run(folder, point)
            what = steps_of(folder)[-1]
            if killed.returncode != -9:
                print(f"{point}: not reached, exit code {killed.returncode}", flush=True)
                continue
            before = trials_of(folder)
            found = mistakes(folder, before, run(folder, 0))
            held += not found
            for mistake in found:
                print(f"{what}: {mistake}", flush=True)
        print(f"{len(steps)} changes, killed before {len(points)} of them: {held} held")
    return 0 if held == len(points) else 1


if __name__ == "__main__":
    sys.exit(main())
