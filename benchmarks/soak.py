"""Sweep for an hour while everything goes wrong, and count what is lost.

    python benchmarks/soak.py --minutes 60 --folder /tmp/soak

One study after the other of ``--trials`` trials, two workers each, the studies in a PostgreSQL
server of its own (Debian's package), the runs in ``mlflow.db``. Every 4 to 15 seconds, drawn by
``--seed``: a worker is killed with -9; the driver is killed with -9 or interrupted with Ctrl-C, and
the same command given again; the server ends as in a crash and comes back after up to 5 s; another
program locks ``mlflow.db`` for up to 30 s. Once all trials of a study are there, two of three of
these pass it by, so that its report gets written. When the time is up, the study at hand ends in
peace.

Exit code 1 unless every study came to its exact total, nothing was lost, doubled or overwritten,
nothing is left RUNNING in either store, the last command of each ended with 0, and no process is
left. A command that finds no server in its first second says so and ends with 2: it is given again.
"""

import argparse
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import optuna
import psutil
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial
from random_kills import OVER, ROOT, Figures, Place, prepared, show
from sqlalchemy.exc import SQLAlchemyError

sys.path.append(str(ROOT / "tests"))

from servers import Postgres

EVENTS = {"worker": 5, "driver": 2, "ctrl-c": 2, "server": 2, "locked": 2}
"""What happens, and how often as against the others."""

PAUSE = (4.0, 15.0)
"""Seconds between two events."""

DOWN, LOCKED = 5.0, 30.0
"""Seconds that the server is away and that the record is locked, at most."""

PATIENCE = 300.0
"""Seconds in which the server must have answered a question of ours."""


@dataclass
class Served(Place):
    """A directory whose studies are in a database server."""

    url: str = ""

    def trials(self) -> list[FrozenTrial]:
        """Give the study's trials, none before there is a study; waits for the server."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                storage = RDBStorage(self.url)
                if "s" not in {found.study_name for found in storage.get_all_studies()}:
                    return []
                study = optuna.load_study(study_name="s", storage=storage)
                return study.get_trials(deepcopy=False)
            except (SQLAlchemyError, optuna.exceptions.StorageInternalError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)


@dataclass
class Soak:
    """What happened, and the means to make more happen."""

    server: Postgres
    rng: random.Random
    happened: Counter[str] = field(default_factory=Counter)
    threads: list[threading.Thread] = field(default_factory=list)

    def study(self, place: Served, deadline: float) -> Figures:
        """Bring one study to its end; what happens ends at ``deadline``, monotonic seconds."""
        began, before = time.perf_counter(), self.happened.total()
        driver = place.start()
        while True:
            with suppress(subprocess.TimeoutExpired):
                driver.wait(self.rng.uniform(*PAUSE))
                if not self.is_refused(place, driver):
                    break
                driver = place.start()
            if self.may_strike(place, deadline) and self.strike(place, driver):
                driver = place.start()
        for thread in self.threads:
            thread.join()
        events, wall = self.happened.total() - before, time.perf_counter() - began
        return place.figures(place.folder.name, events, wall, driver.wait())

    def is_refused(self, place: Served, driver: "subprocess.Popen[bytes]") -> bool:
        """Say whether a command ended in its first seconds, since the server was away."""
        said = (place.folder / "output.txt").read_text(encoding="utf-8").splitlines()[-1]
        is_refused = driver.wait() == 2 and "expected a database that answers" in said
        self.happened["server away at a start"] += is_refused
        return is_refused

    def may_strike(self, place: Served, deadline: float) -> bool:
        """Say whether something is to happen: once all trials are there, every third time."""
        over = sum(trial.state in OVER for trial in place.trials())
        is_spared = over >= place.n_trials and self.rng.random() > 1 / 3
        return time.monotonic() < deadline and not is_spared

    def strike(self, place: Served, driver: "subprocess.Popen[bytes]") -> bool:
        """Have something happen; says whether the driver is gone."""
        [event] = self.rng.choices([*EVENTS], [*EVENTS.values()])
        print(f"{datetime.now():%H:%M:%S} {event}", flush=True)
        place.keep()
        if event == "worker":
            workers = psutil.Process(driver.pid).children() if driver.poll() is None else []
            if workers:
                self.rng.choice(workers).kill()
            self.happened[event] += bool(workers)
            return False
        self.happened[event] += 1
        if event == "server":
            self.server.stop()
            time.sleep(self.rng.uniform(0, DOWN))
            self.server.start()
        elif event == "locked":
            seconds = self.rng.uniform(1, LOCKED)
            held = threading.Thread(target=hold, args=(place.folder / "mlflow.db", seconds))
            held.start()
            self.threads.append(held)
        else:
            driver.send_signal(signal.SIGINT if event == "ctrl-c" else signal.SIGKILL)
            driver.wait()
            return True
        return False


def hold(database: Path, seconds: float) -> None:
    """Lock an SQLite database for that long."""
    if database.exists():
        with closing(sqlite3.connect(database, timeout=60, isolation_level=None)) as held:
            held.execute("BEGIN EXCLUSIVE")
            time.sleep(seconds)
            held.rollback()


def left_over(folder: Path) -> list[str]:
    """Name the processes that still work in the folder, after a moment to end."""
    time.sleep(5)
    found = [process.info for process in psutil.process_iter(["cwd", "cmdline"])]
    here = (info for info in found if Path(info["cwd"] or "/").is_relative_to(folder))
    return [" ".join(info["cmdline"] or ())[:80] for info in here]


def main() -> int:
    """Sweep until the time is up and print the figures of each study."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="a new one, for the sweeps; else a temporary")
    parser.add_argument("--words", nargs="*", default=[], help="overrides that choose the data")
    options = parser.parse_args()
    options.folder = (options.folder or Path(tempfile.mkdtemp(), "soak")).absolute()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    server = Postgres(Path(tempfile.mkdtemp(prefix="soak-server-")))
    server.set_up()
    server.start()
    soak, told = Soak(server, random.Random(options.seed)), []
    deadline = time.monotonic() + 60 * options.minutes
    while time.monotonic() < deadline:
        server.new_database()
        plain = prepared(options.folder / f"study-{len(told)}", options)
        words = [*plain.words, f"hydra.sweeper.storage={server.url}"]
        place = Served(**vars(replace(plain, words=words)), url=server.url)
        told.append(soak.study(place, deadline))
        print(f"{told[-1]}", flush=True)
    server.stop()
    left = left_over(options.folder)
    show(told)
    print("what happened:", dict(soak.happened))
    print("processes left:", left or "none")
    return 0 if not left and all(f.is_clean(options.trials) for f in told) else 1


if __name__ == "__main__":
    sys.exit(main())
