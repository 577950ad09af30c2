"""Kill a sweep's driver, then its workers, at random points, and count what that cost.

    python benchmarks/random_kills.py --folder /tmp/kills
    python benchmarks/random_kills.py --folder /tmp/kills --words data=snippets data.train_limit=999

Three sweeps of the same command, each in a directory of its own: undisturbed; its driver killed
with -9 at random points and the command run again each time; its workers killed with -9 while one
driver goes on. Without ``--latest`` the kills of drivers are spread over the length that the
undisturbed sweep had.

Exit code 1 unless nothing was lost, doubled or overwritten and nothing is left RUNNING in either
store. Without ``--words`` the data is a generated table.
"""

import argparse
import hashlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

import optuna
from mlflow import MlflowClient
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

ROOT = Path(__file__).resolve().parents[1]
OVER = (TrialState.COMPLETE, TrialState.PRUNED)
NETWORK = ["data.maxlen=24", "embedding.output_dim=8", "conv.filters=8", "lstm.units=8"]
TABLE = ["data=table", "data.path=reviews.tsv"]
KINDS = ("calm", "drivers", "workers")

BREATH = (1.0, 6.0)
"""Seconds between two kills of workers."""

LIFE = 25.0
"""Seconds that a driver lives at most, where no undisturbed sweep was timed before."""


@dataclass
class Figures:
    """What one sweep came to; times in seconds."""

    kind: str
    kills: int = 0
    finished: int = 0
    lost: int = 0
    duplicated: int = 0
    overwritten: int = 0
    running: int = 0
    wall: float = 0.0
    slowest_reaping: float = 0.0
    exit_code: int = 0

    def is_clean(self, n_trials: int) -> bool:
        """Say whether exactly ``n_trials`` results are there and nothing else went wrong."""
        wrong = self.lost + self.duplicated + self.overwritten + self.running + self.exit_code
        return self.finished == n_trials and not wrong


def has_study(database: Path) -> bool:
    """Say whether the study is there; Optuna's own look would make the tables, as a driver does."""
    if not database.exists():
        return False
    try:
        with closing(
            sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=60)
        ) as found:
            return bool(found.execute("SELECT 1 FROM studies WHERE study_name = 's'").fetchone())
    except sqlite3.OperationalError:
        return False


def trials_of(database: Path, *states: TrialState) -> list[FrozenTrial]:
    """Give the study's trials in ``states`` (none: in any), none before there is a study."""
    if not has_study(database):
        return []
    url, options = f"sqlite:///{database}", {"connect_args": {"timeout": 60}}
    study = optuna.load_study(study_name="s", storage=RDBStorage(url, engine_kwargs=options))
    return study.get_trials(deepcopy=False, states=states or None)


@dataclass
class Place:
    """A directory in which one command sweeps."""

    folder: Path
    words: list[str]
    n_trials: int
    cache: Path
    kept: dict[int, str] = field(default_factory=dict)
    starts: list[float] = field(default_factory=list)

    def start(self) -> "subprocess.Popen[bytes]":
        """Start the command; its output is appended to ``output.txt``."""
        words = [*self.words, *NETWORK, "training.epochs=2", "hydra.sweeper.study_name=s"]
        words += [f"hydra.sweeper.n_trials={self.n_trials}", "hydra.sweeper.workers=2"]
        words += ["hydra.sweeper.reuse_duplicates=false", "hydra.sweeper.max_failures=1000"]
        words += ["hydra.sweeper.max_retries=1000", "hydra.sweeper.pruner.name=none"]
        path = f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
        environment = os.environ | {"PYTHONPATH": path, "RCNN_SWEEP_CACHE": str(self.cache)}
        self.starts.append(time.time())
        with (self.folder / "output.txt").open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "rcnn_sweep", "-m", *words],
                cwd=self.folder,
                env=environment,
                stdout=output,
                stderr=output,
            )

    def trials(self) -> list[FrozenTrial]:
        """Give the study's trials, none before there is a study."""
        return trials_of(self.folder / "studies.db")

    def wait_for_a_trial(self, driver: "subprocess.Popen[bytes]") -> None:
        """Return when a trial of this start runs, or the driver has ended."""
        while driver.poll() is None:
            running = [t for t in self.trials() if t.state is TrialState.RUNNING]
            if any(_seconds(trial.datetime_start) > self.starts[-1] for trial in running):
                return
            time.sleep(0.2)

    def keep(self) -> None:
        """Note how each finished trial stands in the study and on disk."""
        for trial in self.trials():
            if trial.state in OVER:
                self.kept.setdefault(trial.number, self.standing(trial))

    def standing(self, trial: FrozenTrial) -> str:
        """Give one line that changes when the trial or its directory does."""
        folder = self.folder / "multirun" / "s" / str(trial.number)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
        times = [path.stat().st_mtime for path in files]
        run = trial.user_attrs.get("mlflow_run_id")
        return f"{trial.state} {trial.values} {trial.params} {run} {digests} {times}"

    def figures(self, kind: str, kills: int, wall: float, code: int) -> Figures:
        """Compare what is there with what was kept, in both stores and on disk."""
        trials = {trial.number: trial for trial in self.trials()}
        over = [trial for trial in trials.values() if trial.state in OVER]
        statuses, complete = self.recorded()
        slots = [trial.user_attrs["slot"] for trial in over]
        gone = [n for n in self.kept if n not in trials or trials[n].state not in OVER]
        left = {n: standing for n, standing in self.kept.items() if n in trials}
        changed = [n for n, standing in left.items() if self.standing(trials[n]) != standing]
        open_trials = len(trials) - len(over) - _count(trials, TrialState.FAIL)
        return Figures(
            kind=kind,
            kills=kills,
            finished=len(over),
            lost=len(gone) + self.n_trials - len(set(slots)),
            duplicated=len(slots) - len(set(slots)) + complete - len(over),
            overwritten=len(changed) - len(gone),
            running=open_trials + statuses.count("RUNNING"),
            wall=wall,
            exit_code=code,
        )

    def recorded(self) -> tuple[list[str], int]:
        """Give every run's status, and how many trials MLflow holds as complete."""
        client = MlflowClient(f"sqlite:///{self.folder}/mlflow.db")
        ids = [experiment.experiment_id for experiment in client.search_experiments()]
        runs = client.search_runs(ids, max_results=5000)
        is_complete = [
            run.data.tags.get("rcnn_sweep.kind") == "trial"
            and run.data.tags.get("rcnn_sweep.state") == "complete"
            for run in runs
        ]
        return [run.info.status for run in runs], sum(is_complete)

    def reaping(self) -> float:
        """Give the longest time from a restart to the end of a trial it found orphaned."""
        waits = [0.0]
        for trial in self.trials():
            if "its process died" in str(trial.user_attrs.get("reason")):
                ended = _seconds(trial.datetime_complete)
                waits.append(ended - max(start for start in self.starts if start <= ended))
        return max(waits)


def _count(trials: dict[int, FrozenTrial], state: TrialState) -> int:
    return sum(trial.state is state for trial in trials.values())


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment is not None else 0.0


def undisturbed(place: Place) -> Figures:
    """Run the command once."""
    started = time.perf_counter()
    code = place.start().wait()
    return place.figures("undisturbed", 0, time.perf_counter() - started, code)


def killed_drivers(place: Place, kills: int, latest: float, rng: random.Random) -> Figures:
    """Run the command again after each kill until it ends by itself.

    A kill comes at most ``latest`` s after the start, every other one after the first trial's.
    """
    started, killed, code = time.perf_counter(), 0, -9
    while code == -9:
        driver = place.start()
        if killed < kills and killed % 2:
            place.wait_for_a_trial(driver)
        pause = rng.uniform(1.0, latest)
        try:
            code = driver.wait(pause if killed < kills else None)
        except subprocess.TimeoutExpired:
            driver.kill()
            code = driver.wait()
            killed += 1
            place.keep()
    figures = place.figures("drivers killed", killed, time.perf_counter() - started, code)
    figures.slowest_reaping = place.reaping()
    return figures


def killed_workers(place: Place, kills: int, rng: random.Random) -> Figures:
    """Kill a worker at its trial again and again while one driver goes on."""
    started, killed, driver = time.perf_counter(), {}, place.start()
    while driver.poll() is None and len(killed) < kills:
        time.sleep(rng.uniform(*BREATH))
        running = [t for t in place.trials() if t.state is TrialState.RUNNING]
        if running:
            victim = rng.choice(running)
            place.keep()
            if _kill(int(victim.user_attrs["worker"].rsplit(":", 2)[1])):
                killed[victim.number] = time.time()
    code = driver.wait()
    wall = time.perf_counter() - started
    figures = place.figures("workers killed", len(killed), wall, code)
    ends = {trial.number: trial for trial in place.trials()}
    waits = [
        _seconds(ends[number].datetime_complete) - moment
        for number, moment in killed.items()
        if ends[number].state is TrialState.FAIL
    ]
    figures.slowest_reaping = max(waits, default=0.0)
    return figures


def _kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def prepared(folder: Path, arguments: argparse.Namespace) -> Place:
    """Make the directory, with a table where no other data is named."""
    folder.mkdir(parents=True)
    words = arguments.words or TABLE
    if not arguments.words:
        words_of = ("dreadful", "fine")
        rows = [f"a {words_of[n % 2]} film, scene {n % 17}\t{n % 2}" for n in range(arguments.rows)]
        (folder / "reviews.tsv").write_text("\n".join(["text\tlabel", *rows, ""]))
    return Place(folder, words, arguments.trials, arguments.folder / "cache")


def main() -> int:
    """Do the three sweeps and print their figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--latest", type=float, help="the longest life of a driver, in seconds")
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="which sweeps")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="a new one, for the sweeps; else a temporary")
    parser.add_argument("--words", nargs="*", default=[], help="overrides that choose the data")
    arguments = parser.parse_args()
    arguments.folder = (arguments.folder or Path(tempfile.mkdtemp(), "kills")).absolute()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    rng = random.Random(arguments.seed)
    places = [prepared(arguments.folder / name, arguments) for name in KINDS]
    calm, drivers, workers = places
    told = [undisturbed(calm)] if "calm" in arguments.kinds else []
    latest = arguments.latest or (1.5 * told[0].wall / arguments.kills if told else LIFE)
    if "drivers" in arguments.kinds:
        told.append(killed_drivers(drivers, arguments.kills, latest, rng))
    if "workers" in arguments.kinds:
        told.append(killed_workers(workers, arguments.kills, rng))
    show(told)
    (arguments.folder / "figures.json").write_text(json.dumps([asdict(f) for f in told]))
    return 0 if all(figures.is_clean(arguments.trials) for figures in told) else 1


def show(told: list[Figures]) -> None:
    """Print a table, a column a sweep."""
    for name in asdict(told[0]):
        values = [getattr(figures, name) for figures in told]
        cells = [f"{v:.1f}" if isinstance(v, float) else str(v) for v in values]
        print(f"{name:16}", *(f"{cell:>16}" for cell in cells))


if __name__ == "__main__":
    sys.exit(main())
