"""What the engine costs a trial as a study grows, beside bare Optuna and Hydra's own sweeper.

    python benchmarks/engine_scale.py --trials 5000 --sampler tpe --workers 2
    python benchmarks/engine_scale.py --trials 800 --workers 8 --storage postgresql+psycopg://...
    python benchmarks/engine_scale.py --total 100000 --trials 50

A sweep of a Hydra app whose trials take no time: two numbers, four reports. Beside it, on a storage
of the same kind, as many trials by as many processes of bare Optuna (``study.optimize``, the same
suggestions and reports) and, to tell what Hydra's part is, as many jobs by Hydra's own sweeper, in
one process and without Optuna. For each: CPU milliseconds a trial, wall seconds a trial of the
first and of the last hundred and their ratio, the same in CPU, which other programs disturb less,
memory of a worker there, trials a second from the first trial's start to the last's; of several
workers also the share of a core that the driver takes. With ``--total`` the study has so many
slots, and Ctrl-C ends the sweep after ``--trials``: prints how long that took.
"""

import itertools
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import optuna
import psutil
from _measuring import ROOT, options

SAMPLERS = {"random": "RandomSampler", "tpe": "TPESampler"}
APP = """
import sys
from dataclasses import dataclass
sys.path[:0] = [{root!r}, {here!r}]
import hydra
from hydra.core.config_store import ConfigStore
from engine_scale import note
from rcnn_sweep.sweep import report

@dataclass
class Config:
    x: int = 4
    y: float = 1.0

ConfigStore.instance().store("app", Config)

@hydra.main(config_path=None, config_name="app", version_base="1.3")
def main(config):
    note({trials!r})
    value = -((config.x - 3) ** 2) - config.y
    for step in range(1, 5):
        report(step, value + step)
    return value

main()
"""


def note(file: str) -> None:
    """Note the time, this process, its CPU seconds and its memory in MB: a line a trial."""
    memory = psutil.Process().memory_info().rss / 1e6
    line = f"{time.time()} {os.getpid()} {time.process_time()} {memory:.0f}\n"
    with Path(file).open("a") as notes:  # one write of a short line is not torn
        notes.write(line)


@dataclass(frozen=True)
class Trace:
    """The noted starts of trials, in the order of time."""

    name: str
    starts: list[tuple[float, int, float, float]]

    @classmethod
    def read(cls, name: str, file: Path) -> "Trace":
        """Read what :func:`note` wrote."""
        rows = [line.split() for line in file.read_text().splitlines()]
        return cls(name, sorted((float(t), int(p), float(c), float(m)) for t, p, c, m in rows))

    @property
    def cpu(self) -> float:
        """CPU milliseconds a trial, over all its processes."""
        total, count = 0.0, 0
        for pid in {pid for _, pid, _, _ in self.starts}:
            own = [cpu for _, process, cpu, _ in self.starts if process == pid]
            total, count = total + own[-1] - own[0], count + len(own) - 1
        return 1000 * total / max(1, count)

    @property
    def growth(self) -> float:
        """CPU of the last hundred trials of each process over that of its first hundred."""
        first = last = 0.0
        for pid in {pid for _, pid, _, _ in self.starts}:
            own = [cpu for _, process, cpu, _ in self.starts if process == pid]
            size = max(1, min(100, (len(own) - 1) // 2))
            first, last = first + own[size] - own[0], last + own[-1] - own[-1 - size]
        return last / first

    @property
    def rate(self) -> float:
        """Trials a second."""
        return (len(self.starts) - 1) / (self.starts[-1][0] - self.starts[0][0])

    @property
    def wall(self) -> float:
        """Seconds from the first trial's start to the last's."""
        return self.starts[-1][0] - self.starts[0][0]

    def __str__(self) -> str:
        size = max(1, min(100, (len(self.starts) - 1) // 2))
        first = (self.starts[size][0] - self.starts[0][0]) / size
        last = (self.starts[-1][0] - self.starts[-1 - size][0]) / size
        memory = f"{self.starts[size][3]:.0f} -> {self.starts[-1][3]:.0f} MB"
        return (
            f"{self.name}: {len(self.starts)} trials, {self.cpu:.0f} ms CPU a trial, "
            f"{self.rate:.1f} trials/s; s a trial, last {size} over first {size}: {last:.3f} / "
            f"{first:.3f} = {last / first:.2f}, in CPU {self.growth:.2f}; memory {memory}"
        )


@dataclass(frozen=True)
class Setting:
    """What is measured."""

    trials: int
    total: int
    workers: int
    sampler: str
    storage: str | None

    def url(self, folder: Path) -> str:
        """Give the address of the storage."""
        return self.storage or f"sqlite:///{folder / 'studies.db'}"


def app(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    """Start the app in ``folder``, its trials noted in ``trials.txt``."""
    folder.mkdir()
    file = folder / "app.py"
    here = str(Path(__file__).parent)
    file.write_text(APP.format(root=str(ROOT), here=here, trials=str(folder / "trials.txt")))
    command = [sys.executable, str(file), "-m", *words]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)


def sweep(folder: Path, setting: Setting) -> Trace:
    """Sweep; says what the driver took and how the sweep began and ended."""
    began = time.time()
    driver = app(
        folder, "hydra/sweeper=optuna_async", "x=int(interval(1,1000))", "y=interval(0.1,9.9)",
        f"hydra.sweeper.workers={setting.workers}", f"hydra.sweeper.n_trials={setting.total}",
        f"hydra.sweeper.sampler.name={setting.sampler}", "hydra.sweeper.pruner.name=none",
        "hydra.sweeper.study_name=engine_scale", f"hydra.sweeper.storage='{setting.url(folder)}'",
        "hydra.sweeper.plots=false",
    )  # fmt: skip
    notes = folder / "trials.txt"
    cpu = dict[float, float]()
    while driver.poll() is None:
        cpu[time.time()] = sum(psutil.Process(driver.pid).cpu_times()[:2])
        done = notes.read_bytes().count(b"\n") if notes.exists() else 0
        if setting.total > setting.trials and done >= setting.trials:
            stopped = time.time()
            driver.send_signal(signal.SIGINT)
            driver.wait()
            print(f"Ctrl-C ended it with {driver.returncode} in {time.time() - stopped:.1f} s")
        time.sleep(0.25)
    trace = Trace.read("sweep", notes)
    print(f"{setting.total} slots: the first trial began {trace.starts[0][0] - began:.1f} s after "
          "the command")  # fmt: skip
    if setting.workers > 1:
        times = [t for t in cpu if trace.starts[0][0] <= t <= trace.starts[-1][0]]
        if len(times) > 1:
            share = (cpu[times[-1]] - cpu[times[0]]) / (times[-1] - times[0])
            print(f"the driver took {share:.1%} of a core while trials ran")
    return trace


def bare(folder: Path, setting: Setting) -> Trace:
    """Do the same with Optuna alone, in as many processes."""
    folder.mkdir()
    url, name = setting.url(folder), f"bare-{time.time()}"
    optuna.create_study(storage=url, study_name=name)
    each = [setting.trials // setting.workers] * setting.workers
    each[0] += setting.trials - sum(each)
    words = [sys.executable, __file__, "--bare", url, name, setting.sampler]
    notes = folder / "trials.txt"
    processes = [subprocess.Popen([*words, str(notes), str(n)]) for n in each]
    if any(process.wait() for process in processes):
        raise SystemExit("a process of bare Optuna failed")
    return Trace.read("bare Optuna", notes)


def optimize(url: str, name: str, sampler: str, notes: str, n_trials: str) -> None:
    """Be one process of bare Optuna."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def objective(trial: optuna.Trial) -> float:
        note(notes)
        x, y = trial.suggest_int("x", 1, 1000), trial.suggest_float("y", 0.1, 9.9)
        value = -((x - 3) ** 2) - y
        for step in range(1, 5):
            trial.report(value + step, step)
            trial.should_prune()
        return value

    study = optuna.load_study(
        study_name=name, storage=url, sampler=getattr(optuna.samplers, SAMPLERS[sampler])(),
        pruner=optuna.pruners.NopPruner(),
    )  # fmt: skip
    study.optimize(objective, int(n_trials))


def hydra_alone(folder: Path, jobs: int) -> Trace:
    """Run as many jobs by Hydra's own sweeper and launcher."""
    if app(folder, f"x=range(1,{jobs + 1})").wait():
        raise SystemExit("Hydra's own sweep failed")
    return Trace.read("Hydra alone", folder / "trials.txt")


def compared(own: Trace, optuna_alone: Trace, hydra: Trace) -> Iterator[str]:
    """Give the ratios."""
    yield from map(str, (own, optuna_alone, hydra))
    yield f"CPU a trial over bare Optuna's: {own.cpu / optuna_alone.cpu:.2f}"
    both = optuna_alone.cpu + hydra.cpu
    yield f"CPU a trial over bare Optuna's and Hydra's own together: {own.cpu / both:.2f}"
    yield f"trials a second over bare Optuna's: {own.rate / optuna_alone.rate:.2f}"


def main() -> None:
    """Run all three and print their figures."""
    parser = options(__doc__)
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--total", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--sampler", choices=sorted(SAMPLERS), default="random")
    parser.add_argument("--storage", help="of both; default: an SQLite file each")
    given = parser.parse_args()
    setting = Setting(
        given.trials, given.total or given.trials, given.workers, given.sampler, given.storage
    )
    with tempfile.TemporaryDirectory() as name:
        places = (Path(name, str(part)) for part in itertools.count())
        own = sweep(next(places), setting)
        optuna_alone = bare(next(places), setting)
        hydra = hydra_alone(next(places), min(setting.trials, 200))
        print(*compared(own, optuna_alone, hydra), sep="\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--bare"]:
        optimize(*sys.argv[2:])
    else:
        main()
