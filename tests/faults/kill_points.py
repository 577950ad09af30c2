"""Strike a sweep at each of its changes, one after the other, and give its command again.

    python tests/faults/kill_points.py                                  the engine, killed
    python tests/faults/kill_points.py --sweep record --every 20        every twentieth change
    python tests/faults/kill_points.py --sweep record --fault full      the disk is full from there

A small sweep of three trials, without a network, is run once undisturbed, with all its changes
counted. Then, for the first change, the second and so on, in a new folder: a fault comes before
that change, and the same command is given again. The sweeps:

engine    the toy app: the study, its folder and files
record    ``python -m rcnn_sweep`` with MLflow's record, data, report; no network is trained
database  the same in an empty folder, where MLflow's database is yet to be made: its making

The faults are those of ``counted.py``: ``kill``, ``torn``, ``full``, ``locked``. A command that was
not killed must have ended with exit code 0, or with 1 or 2 and a line that says why. The second
must end with 0, the exact budget, every result that the first had, none doubled, nothing left
running and no file half-written under its name; the same in MLflow's record, where there is one.

``--first``, ``--last`` and ``--every`` choose a part. Prints a line for each point that did not
hold, then how many did; the exit code is 1 where any did not. Seconds a point: 2 (engine) to 5.
"""

import argparse
import json
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from small import table_rows, write_table  # noqa: E402

from rcnn_sweep.tracking.database import ensure_store  # noqa: E402

COUNTED = Path(__file__).with_name("counted.py")
BUDGET = 3
FAULTS = ("kill", "copied", "torn", "full", "locked")
SWEEPER = ("hydra.sweeper.study_name=s", "hydra.sweeper.workers=1", "hydra.sweeper.plots=false")
TRIALS = """
SELECT t.number, t.state, v.value,
    (SELECT value_json FROM trial_user_attributes a WHERE a.trial_id = t.trial_id AND key = 'slot'),
    (SELECT value_json FROM trial_user_attributes a
        WHERE a.trial_id = t.trial_id AND key = 'mlflow_run_id')
FROM trials t LEFT JOIN trial_values v ON v.trial_id = t.trial_id
"""
ENDS = {
    ("complete", "FINISHED", True),
    ("interrupted", "KILLED", True),
    ("failed", "FAILED", True),
}
MAKES_DATABASE = "/.mlflow.db."

Trial = tuple[int, str, float | None, str | None, str | None]


@dataclass(frozen=True)
class Sweep:
    """A command; ``has_record`` where it writes to MLflow, ``is_fresh`` where into nothing."""

    script: Path
    words: Sequence[str]
    has_record: bool = False
    is_fresh: bool = False


RECORDED = (
    *("-m", "search=grid", "conv.filters=4,5,6", "conv.kernel_size=3", "lstm.units=4"),
    *("data=table", "data.path=reviews.csv", "data.maxlen=12", "training.epochs=1", *SWEEPER),
)
SWEEPS = {
    "engine": Sweep(
        ROOT / "tests" / "sweep" / "apps" / "toy.py",
        ("-m", *SWEEPER, f"hydra.sweeper.n_trials={BUDGET}", "steps=1"),
    ),
    "record": Sweep(Path(__file__).with_name("recorded.py"), RECORDED, has_record=True),
    "database": Sweep(Path(__file__).with_name("recorded.py"), RECORDED, True, is_fresh=True),
}


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    printed: str

    def complaint(self) -> str | None:
        """Say what is wrong with the end of a command that met a fault and was not killed."""
        last = next(iter(self.printed.strip().splitlines()[-1:]), "")
        is_clear = any(word in self.printed for word in ("No space left", "is full", "locked"))
        if self.code == 0:
            return None
        is_told = "Traceback" not in self.printed or last.startswith("rcnn_sweep.")  # the toy's
        if self.code not in (1, 2) or not is_clear or not is_told:
            return f"the first command: exit code {self.code}: {self.printed[-1500:]}"
        return None


@dataclass(frozen=True)
class Commands:
    """Runs commands of one sweep in folders of their own."""

    sweep: Sweep
    place: Path
    server: "subprocess.Popen[str]"
    database: Path

    def folder(self, name: str) -> Path:
        """Make a new folder with what the command needs."""
        folder = self.place / name
        folder.mkdir()
        if self.sweep.has_record:
            write_table(folder / "reviews.csv", table_rows(60))
            if not self.sweep.is_fresh:
                shutil.copy(self.database, folder / "mlflow.db")
        return folder

    def run(self, folder: Path, fault: str = "", points: Sequence[int] = ()) -> Ended:
        """Give the command in ``folder``, with ``fault`` before its ``points``-th changes."""
        words = {"folder": str(folder), "script": str(self.sweep.script)}
        environment = {"RCNN_SWEEP_CACHE": str(folder / "cache")}
        asked = {
            **words,
            "words": self.sweep.words,
            "environment": environment,
            "fault": fault,
            "points": [*points],
        }
        assert self.server.stdin is not None and self.server.stdout is not None
        print(json.dumps(asked), file=self.server.stdin, flush=True)
        code = int(self.server.stdout.readline())
        return Ended(code, Path(f"{folder}.out").read_text(encoding="utf-8"))


@contextmanager
def commands_of(sweep: Sweep) -> Iterator[Commands]:
    """Start the process that commands are forked from."""
    path = os.pathsep.join((str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")))
    settings = {"PYTHONPATH": path, "HYDRA_FULL_ERROR": "1", "OMP_NUM_THREADS": "1"}
    with (
        tempfile.TemporaryDirectory(prefix="kill-points-") as name,
        subprocess.Popen(
            [sys.executable, COUNTED],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **settings},
            text=True,
        ) as server,
    ):
        database = Path(name, "mlflow.db")
        if sweep.has_record and not sweep.is_fresh:
            logging.getLogger("mlflow").setLevel(logging.WARNING)
            ensure_store(database)
        yield Commands(sweep, Path(name), server, database)
        assert server.stdin is not None
        server.stdin.close()


def steps_of(folder: Path) -> list[str]:
    """Give the changes that the last command in ``folder`` was about to make."""
    return Path(f"{folder}.steps.txt").read_text(encoding="utf-8").splitlines()


def rows_of(file: Path, query: str) -> list[Any]:
    """Read a database as a program without Optuna or MLflow does; nothing where there is none."""
    if not file.exists():
        return []
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        try:
            return database.execute(query).fetchall()
        except sqlite3.OperationalError as error:
            assert "no such table" in str(error), error
            return []


def trials_of(folder: Path) -> list[Trial]:
    """Read the study's trials."""
    return rows_of(folder / "studies.db", TRIALS)


def mistakes(sweep: Sweep, folder: Path, before: "State", again: Ended) -> list[str]:
    """Say what is wrong after the second command."""
    if again.code:
        return [f"exit code {again.code}: {again.printed.strip()[-1500:]}"]
    after = trials_of(folder)
    complete = [trial for trial in after if trial[1] == "COMPLETE"]
    found = []
    if len(complete) != BUDGET or len({trial[3] for trial in complete}) != BUDGET:
        found.append(f"{len(complete)} results for {BUDGET} slots")
    if lost := [trial for trial in before.complete if trial not in after]:
        found.append(f"lost or changed: {lost}")
    if others := Counter(trial[1] for trial in after if trial[1] not in ("COMPLETE", "FAIL")):
        found.append(f"left over: {dict(others)}")
    if left := [str(path) for path in folder.rglob("*.partial") if path.is_dir()]:
        found.append(f"half-made databases: {left}")
    results = folder / "multirun" / "s"
    rows = (results / "sweep" / "trials.csv").read_text(encoding="utf-8").splitlines()[1:]
    if sorted(int(row.split(",")[0]) for row in rows) != sorted(trial[0] for trial in after):
        found.append("trials.csv has other trials")
    if absent := [number for number, *_ in complete if not (results / str(number)).is_dir()]:
        found.append(f"no directory of {absent}")
    identity = json.loads((results / "study.json").read_text(encoding="utf-8"))["identity"]
    if not identity:
        found.append("the directory belongs to nobody")
    return [*found, *(record_mistakes(folder, complete, before) if sweep.has_record else ())]


@dataclass(frozen=True)
class Run:
    """An MLflow run as its database and its folder of artifacts hold it."""

    run_id: str
    status: str
    is_ended: bool
    artifacts: Path
    tags: dict[str, str]
    params: dict[str, str]
    metrics: dict[str, float]

    def files(self) -> dict[str, bytes]:
        """Give the content of its artifacts."""
        paths = (path for path in self.artifacts.rglob("*") if path.is_file())
        return {str(path.relative_to(self.artifacts)): path.read_bytes() for path in paths}


def runs_of(folder: Path) -> list[Run]:
    """Read the runs of MLflow's record."""
    file = folder / "mlflow.db"
    values: dict[str, dict[str, dict[str, Any]]] = {}
    for table in ("tags", "params", "latest_metrics"):
        for run_id, key, value in rows_of(file, f"SELECT run_uuid, key, value FROM {table}"):
            values.setdefault(run_id, {}).setdefault(table, {})[key] = value
    runs = []
    for run_id, status, end, uri in rows_of(
        file, "SELECT run_uuid, status, end_time, artifact_uri FROM runs"
    ):
        known = values.get(run_id, {})
        parts = (known.get(table, {}) for table in ("tags", "params", "latest_metrics"))
        runs.append(Run(run_id, status, end is not None, Path(uri), *parts))
    return runs


@dataclass(frozen=True)
class State:
    """What stood after the first command: complete trials, and complete runs with their files."""

    complete: list[Trial]
    runs: list[tuple[Run, dict[str, bytes]]]

    @classmethod
    def of(cls, folder: Path) -> "State":
        """Look at a folder."""
        runs = [run for run in runs_of(folder) if run.tags.get("rcnn_sweep.kind") == "trial"]
        done = [(run, run.files()) for run in runs if run.status == "FINISHED"]
        return cls([trial for trial in trials_of(folder) if trial[1] == "COMPLETE"], done)


ARTIFACTS = {"config/resolved.yaml", "config/environment.json", "weights/rcnn.weights.h5"}
STUDY_ARTIFACTS = {"config/base.yaml", "sweep/trials.csv", "sweep/best.yaml", "sweep/report.html"}


def record_mistakes(folder: Path, complete: Sequence[Trial], before: State) -> list[str]:
    """Say what is wrong with MLflow's record, and where it and the study disagree."""
    runs = {run.run_id: run for run in runs_of(folder)}
    found: list[str] = []
    ends = [(run.tags.get("rcnn_sweep.state"), run.status, run.is_ended) for run in runs.values()]
    found += [f"a run ended as {end}" for end in ends if end not in ENDS]
    for run, files in before.runs:
        if runs.get(run.run_id) != run or run.files() != files:
            found.append(f"run {run.run_id}, complete before, is lost or changed")
    kinds: dict[str, list[Run]] = {}
    for run in runs.values():
        kinds.setdefault(run.tags.get("rcnn_sweep.kind", "none"), []).append(run)
    done = [run for run in kinds.get("trial", ()) if run.status == "FINISHED"]
    if len(done) != BUDGET:
        found.append(f"{len(done)} complete runs for {BUDGET} slots")
    for number, _, value, _, named in complete:
        run = runs[json.loads(named or "null")]
        if run.status != "FINISHED" or run.tags["rcnn_sweep.trial"] != str(number):
            found.append(f"trial {number} names another's run")
        if run.metrics["val_accuracy"] != value or len(run.metrics) < 5 or len(run.params) < 20:
            found.append(f"the run of trial {number} lacks something: {run}")
        if missing := ARTIFACTS - set(run.files()):
            found.append(f"the run of trial {number} lacks {missing}")
    studies = kinds.get("study", [])
    if len(studies) != 1 or studies[0].status != "FINISHED":
        return [*found, f"the study's runs: {[run.status for run in studies]}"]
    if missing := STUDY_ARTIFACTS - set(studies[0].files()):
        found.append(f"the study's run lacks {missing}")
    if studies[0].metrics.get("trials_complete") != BUDGET or not studies[0].params:
        found.append(f"the study's run lacks something: {studies[0]}")
    if {run.tags.get("mlflow.parentRunId") for run in done} != {studies[0].run_id}:
        found.append("trials of another parent")
    if "report.html" not in studies[0].tags.get("mlflow.note.content", ""):
        found.append(f"the study's run has no description: {studies[0].tags}")
    return found


def is_struck(step: str, fault: str) -> bool:
    """Say whether a fault can come before a change; ``step`` is its line."""
    kind = step.split()[1]
    if fault == "torn":
        return kind == "open"
    if fault == "full":
        return kind in ("open", "sql", "os.mkdir", "os.link")
    return kind == "sql" if fault == "locked" else True


def points_of(steps: Sequence[str], fault: str, sweep: Sweep) -> list[int]:
    """Give the numbers of the changes that a fault comes before."""
    begin, end = 0, len(steps)
    if sweep.is_fresh:
        making = [place for place, step in enumerate(steps) if MAKES_DATABASE in step]
        begin, end = making[0], making[-1] + 1
    return [place + 1 for place in range(begin, end) if is_struck(steps[place], fault)]


def main() -> int:
    """Strike at each point of the part that was asked for; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sweep", choices=SWEEPS, default="engine")
    parser.add_argument("--fault", choices=FAULTS, nargs="+", default=["kill"])
    parser.add_argument("--first", type=int, default=1, metavar="N")
    parser.add_argument("--last", type=int, metavar="N", help="default: the last change")
    parser.add_argument("--every", type=int, default=1, metavar="N")
    options = parser.parse_args()
    sweep, all_held = SWEEPS[options.sweep], True
    with commands_of(sweep) as commands:
        whole = commands.folder("whole")
        undisturbed = commands.run(whole)
        found = mistakes(sweep, whole, State([], []), undisturbed)
        assert not found, (found, undisturbed.printed)
        for fault in options.fault:
            points = points_of(steps_of(whole), fault, sweep)
            tried = points[options.first - 1 : options.last : options.every]
            reached, held = 0, 0
            for what, found in struck(commands, fault, tried):
                reached, held = reached + 1, held + (not found)
                for mistake in found:
                    print(f"{what}: {mistake}", flush=True)
            told = f"{len(points)} points, {reached} of them tried, {held} held"
            if reached < len(tried):
                told += f"; {len(tried) - reached} not reached, as the command took another turn"
            print(f"{options.sweep}, {fault}: {told}", flush=True)
            all_held = all_held and reached > 0 and held == reached
    return 0 if all_held else 1


def struck(
    commands: Commands, fault: str, points: Sequence[int]
) -> Iterator[tuple[str, list[str]]]:
    """Strike before each of these changes and give the command again: what it is, what is wrong.

    Where a command makes other changes this time, for its waits take turns, and so is not killed,
    nothing is given.
    """
    if fault == "copied":
        folder = commands.folder("copied")
        assert commands.run(folder, fault, points).code == 0
        steps = steps_of(folder)
        for point in points:
            shutil.rmtree(folder)
            Path(f"{folder}.{point}").rename(folder)
            before = State.of(folder)
            yield (
                steps[point - 1].replace(str(folder), "."),
                mistakes(commands.sweep, folder, before, commands.run(folder)),
            )
        return
    for point in points:
        folder = commands.folder(str(point))
        first, steps = commands.run(folder, fault, [point]), steps_of(folder)
        what = steps[min(point, len(steps)) - 1].replace(str(folder), ".")
        if fault in ("kill", "torn"):
            if first.code == 0:
                shutil.rmtree(folder)
                continue
            found = [] if first.code == -9 else [f"not reached, exit code {first.code}"]
        else:
            found = [said] if (said := first.complaint()) is not None else []
        before = State.of(folder)
        yield what, [*found, *mistakes(commands.sweep, folder, before, commands.run(folder))]
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
