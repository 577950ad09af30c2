"""Which way of searching finds the better network for the same compute? Replayed, not trained.

    python benchmarks/search_race.py
    python benchmarks/search_race.py --sampler tpe multivariate=true --pruner median --confirm 3

Feeds a recorded table (``search_table.csv``, made by ``search_table.py``) through the engine's own
queue, samplers, pruners and confirmation, with two workers on a simulated clock. A search may ask
for any point of the space: a Gaussian process, fitted to the table, says what a point comes to
after each epoch and how long an epoch takes; luck is added as the table has it between two seeds of
one point. How well the model predicts points that it has not seen is printed first.

A sweep is judged by the true value (the model's, without luck) of the point that it names as the
best, against what it spent, in whole trials of average length. Beside each are what random search
without pruning comes to for the same compute, and the 95 % interval of the difference.
"""

import heapq
import json
import os
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
from _measuring import options
from optuna.distributions import json_to_distribution
from optuna.trial import TrialState
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.model_selection import KFold

from rcnn_sweep.names import TrialAttr
from rcnn_sweep.sweep.feasibility import FeasibleSampler, KnownPoints
from rcnn_sweep.sweep.findings import best_of
from rcnn_sweep.sweep.samplers import Named, make_pruner, make_sampler
from rcnn_sweep.sweep.space.space import Parameter, Space
from rcnn_sweep.sweep.study import Claim, Confirmation, Queue, Retries, snapshot_of
from rcnn_sweep.sweep.trial import derived_seed

TABLE = Path(__file__).with_name("search_table.csv")
TPE, UNPRUNED = Named("tpe"), Named("none")
WORKERS = 2
SIZES = (10, 30, 60, 100)
ALIKE, MARGIN = 12, 0.02


@dataclass(frozen=True)
class Way:
    """A way of searching: what a command would set below ``hydra.sweeper``."""

    name: str
    sampler: Named = TPE
    pruner: Named = UNPRUNED
    confirm: int = 0
    common_seed: bool = False
    baseline_first: bool = True


@dataclass(frozen=True)
class Model:
    """A Gaussian process of how far below a ``ceiling`` points come, on a logarithmic scale.

    Most of the space is far below the best points, among which the differences are small.
    """

    process: GaussianProcessRegressor
    ceiling: float

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray) -> "Model":
        """Fit points, (n, parameters), to their values, (n,)."""
        ceiling = float(y.max()) + MARGIN
        return cls(fitted(x, np.log(ceiling - y)), ceiling)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Give the true values of points, (n,)."""
        return self.ceiling - np.exp(self.process.predict(x))


@dataclass(frozen=True)
class World:
    """What training would come to, learnt from a table."""

    space: Space
    baseline: Mapping[str, Any]
    models: tuple["Model", ...] = field(repr=False)
    seconds_model: GaussianProcessRegressor = field(repr=False)
    pairs: np.ndarray = field(repr=False)
    luck: np.ndarray = field(repr=False)
    luck_of_seed: np.ndarray = field(repr=False)
    whole: float

    def values(self, params: Mapping[str, Any]) -> np.ndarray:
        """Give the true values after each epoch, (epochs,)."""
        x = features(self.space, [params])
        return np.array([model.predict(x)[0] for model in self.models])

    def truth(self, params: Mapping[str, Any]) -> float:
        """Give the true value at the end."""
        return float(self.models[-1].predict(features(self.space, [params]))[0])

    def curve(self, params: Mapping[str, Any], rng: np.random.Generator, seed: int) -> np.ndarray:
        """Give the values after each epoch as one training has them, (epochs,).

        Luck is that of one of the :data:`ALIKE` points that end nearest: bad ones have more of it.
        """
        values = self.values(params)
        alike = np.argsort(np.abs(self.pairs - values[-1]))[:ALIKE]
        own = self.luck[rng.choice(alike)] * rng.choice([-1, 1])
        return values + own + np.random.default_rng(seed).normal() * self.luck_of_seed

    def seconds(self, params: Mapping[str, Any]) -> float:
        """Give the seconds of an epoch, as a share of a whole average trial."""
        log = self.seconds_model.predict(features(self.space, [params]))[0]
        return float(np.exp(log)) / len(self.models) / self.whole


def features(space: Space, points: list[Mapping[str, Any]]) -> np.ndarray:
    """Give the points as numbers from 0 to 1, logarithmic where the space is, (n, parameters)."""
    columns = []
    for parameter in space.parameters:
        d, values = parameter.distribution, [point[parameter.key] for point in points]
        if hasattr(d, "choices"):
            columns.append([d.choices.index(v) / max(1, len(d.choices) - 1) for v in values])
        else:
            scale = np.log if d.log else np.asarray
            low, high = scale(d.low), scale(d.high)
            columns.append((scale(np.array(values, float)) - low) / max(high - low, 1e-12))
    return np.array(columns, float).T


def fitted(x: np.ndarray, y: np.ndarray) -> GaussianProcessRegressor:
    """Fit a Gaussian process with a length for each parameter and white noise."""
    kernel = ConstantKernel(1.0) * RBF(np.ones(x.shape[1]), (0.05, 50)) + WhiteKernel(0.1)
    model = GaussianProcessRegressor(kernel, normalize_y=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(x, y)


@lru_cache
def world_of(table: Path) -> World:
    """Learn the world from a table; every process does it for itself."""
    rows, described = pd.read_csv(table), json.loads(table.with_suffix(".json").read_text())
    distributions = {key: json_to_distribution(d) for key, d in described["space"].items()}
    space = Space([Parameter(key, d) for key, d in distributions.items()])
    keys = [parameter.key for parameter in space.parameters]
    epochs = [column for column in rows if column.startswith("epoch_")]
    pairs, apart = _apart(rows, keys, epochs)
    means = rows.groupby(keys, sort=False)[[*epochs, "seconds"]].mean().reset_index()
    x = features(space, means[keys].to_dict("records"))
    error = apart.std(axis=0, ddof=1) / np.sqrt(len(apart))
    return World(
        space=space,
        baseline=described["baseline"],
        models=tuple(Model.of(x, means[epoch].to_numpy()) for epoch in epochs),
        seconds_model=fitted(x, np.log(means["seconds"].to_numpy())),
        pairs=pairs,
        luck=(apart - apart.mean(axis=0)) / np.sqrt(2),
        luck_of_seed=np.sqrt(np.maximum(apart.mean(axis=0) ** 2 - error**2, 0) / 2),
        whole=float(means["seconds"].mean()),
    )


def _apart(rows: pd.DataFrame, keys: list[str], epochs: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Give, of points trained twice, the last values, (n,), and how far apart, (n, epochs)."""
    seeds = sorted(rows["seed"].unique())[:2]
    one, other = (rows[rows["seed"] == seed].set_index(keys)[epochs] for seed in seeds)
    apart = (one - other).dropna()
    return ((one + other) / 2).loc[apart.index][epochs[-1]].to_numpy(), apart.to_numpy()


def judged(table: Path) -> Iterator[str]:
    """Say how well the model predicts points that it has not seen, and how large luck is."""
    world, rows = world_of(table), pd.read_csv(table)
    keys = [parameter.key for parameter in world.space.parameters]
    last = [column for column in rows if column.startswith("epoch_")][-1]
    means = rows.groupby(keys, sort=False)[last].mean().reset_index()
    x, y = features(world.space, means[keys].to_dict("records")), means[last].to_numpy()
    guessed = np.empty_like(y)
    for train, test in KFold(10, shuffle=True, random_state=0).split(x):
        guessed[test] = Model.of(x[train], y[train]).predict(x[test])
    top = y >= np.quantile(y, 0.5)
    share = 1 - np.mean((guessed - y) ** 2) / np.var(y)
    rank = pd.Series(guessed[top]).corr(pd.Series(y[top]), method="spearman")
    error = float(np.sqrt(np.mean((guessed - y)[top] ** 2)))
    near = np.argsort(-world.pairs)[:ALIKE]
    yield (
        f"{len(y)} points, {len(rows)} trainings; of points left out the model explains "
        f"{share:.0%}; in the better half its error is {error:.4f}, rank correlation {rank:.2f}"
    )
    yield (
        f"luck of one training {world.luck[near, -1].std():.4f} at the {ALIKE} best that were "
        f"trained twice, {world.luck[:, -1].std():.4f} at all; a seed moves all points alike by "
        f"{world.luck_of_seed[-1]:.4f}; best value seen {y.max():.4f}, the baseline's true one "
        f"{world.truth(world.baseline):.4f}"
    )


def replay(way: Way, table: Path, n_trials: int, seed: int) -> list[tuple[float, float]]:
    """Run one sweep; gives compute spent and the true value of the best, at each trial's end."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    world, rng = world_of(table), np.random.default_rng(seed)
    study = optuna.create_study(direction="maximize", pruner=make_pruner(way.pruner))
    queue = Queue(study._storage, study._study_id, "")
    queue.set_study_attr("n_trials", n_trials)
    queue.set_study_attr("baseline", world.baseline)
    claim = Claim(
        "worker",
        "session",
        Retries(0, datetime.now()),
        points={0: dict(world.baseline)} if way.baseline_first else {},
        confirmation=Confirmation(way.confirm, "maximize") if way.confirm else None,
    )
    known, spent, found = KnownPoints(world.space), 0.0, []
    clock: list[tuple[float, int, Any]] = [(0.0, worker, None) for worker in range(WORKERS)]
    while clock:
        now, worker, running = heapq.heappop(clock)
        if running is None:
            running = _started(way, world, study, queue, claim, known, seed, rng)
            if running is None:
                continue
        trial, curve, seconds = running
        step = len(trial.intermediate)
        if step and _is_over(trial, curve, step, study):
            best = best_of(map(snapshot_of, queue.look().ended), ("maximize",))
            if best:
                found.append((spent, world.truth(best[0].params)))
            heapq.heappush(clock, (now, worker, None))
            continue
        spent += seconds
        trial.intermediate.append(step + 1)
        heapq.heappush(clock, (now + seconds, worker, running))
    return found


@dataclass
class Running:
    """A trial under way, with the epochs that it has begun."""

    trial: optuna.Trial
    is_again: bool
    intermediate: list[int] = field(default_factory=list)

    def __lt__(self, other: "Running") -> bool:
        return self.trial.number < other.trial.number


def _started(
    way: Way,
    world: World,
    study: optuna.Study,
    queue: Queue,
    claim: Claim,
    known: KnownPoints,
    seed: int,
    rng: np.random.Generator,
) -> tuple[Running, np.ndarray, float] | None:
    number = queue._claimed(claim)  # nobody else is there to lock out
    if number is None or any(number == t.number for t in queue.slots.open.values()):
        return None
    own = derived_seed(seed, number)
    known.look(queue.look(), number)
    inner = make_sampler(way.sampler, own, seed)
    study = optuna.load_study(  # one of its own, as in a worker: Optuna keeps what it has read
        study_name=study.study_name,
        storage=study._storage,
        sampler=FeasibleSampler(inner, known, lambda point: None, own),
        pruner=study.pruner,
    )
    trial = optuna.Trial(study, queue.id_of(number))
    params = world.space.suggest(trial)
    is_again = TrialAttr.CONFIRMS in trial.user_attrs
    luck = derived_seed(seed, 0) if way.common_seed and not is_again else own
    curve = world.curve(params, rng, luck)
    return Running(trial, is_again), curve, world.seconds(params)


def _is_over(running: Running, curve: np.ndarray, step: int, study: optuna.Study) -> bool:
    trial, value = running.trial, float(curve[step - 1])
    trial.report(value, step)
    if step == len(curve):
        study.tell(trial.number, value)
        return True
    if not running.is_again and trial.should_prune():
        study.tell(trial.number, state=TrialState.PRUNED)
        return True
    return False


def _named(words: list[str]) -> Named:
    pairs = (word.split("=", 1) for word in words[1:])
    return Named(words[0], {key: json.loads(value) for key, value in pairs})


def ways() -> list[Way]:
    """Give the field of the standard race."""
    multi = Named("tpe", {"multivariate": True, "constant_liar": True})
    median, late = Named("median"), Named("median", {"n_warmup_steps": 2})
    gentle = Named("optuna.pruners.PercentilePruner", {"percentile": 75.0})
    return [
        Way("random", Named("random"), baseline_first=False),
        Way("random, confirmed", Named("random"), confirm=3),
        Way("Optuna's defaults", TPE, median, baseline_first=False),
        Way("TPE", TPE),
        Way("TPE, common seed", TPE, common_seed=True),
        Way("TPE, confirmed", TPE, confirm=3),
        Way("TPE, median, confirmed", TPE, median, confirm=3),
        Way("TPE, median after 2, confirmed", TPE, late, confirm=3),
        Way("TPE, worst quarter pruned, confirmed", TPE, gentle, confirm=3),
        Way("TPE, halving, confirmed", TPE, Named("successive_halving"), confirm=3),
        Way("multivariate TPE, confirmed", multi, confirm=3),
        Way("quasi-random, confirmed", Named("qmc"), confirm=3),
        Way("CMA-ES, confirmed", Named("cmaes"), confirm=3),
    ]


def _swept(job: tuple[Way, Path, int, int]) -> list[tuple[float, float]]:
    return replay(*job)


def main() -> None:
    """Race and print the table."""
    parser = options(__doc__)
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--replays", type=int, default=200)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="n_trials")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--sampler", nargs="+", metavar=("NAME", "KEY=JSON"))
    parser.add_argument("--pruner", nargs="+", metavar=("NAME", "KEY=JSON"), default=["none"])
    parser.add_argument("--confirm", type=int, default=0)
    parser.add_argument("--common-seed", action="store_true")
    given = parser.parse_args()
    field_ = ways()
    if given.sampler:
        sampler, pruner = _named(given.sampler), _named(given.pruner)
        own = Way("this", sampler, pruner, given.confirm, given.common_seed)
        field_ = [field_[0], own]
    for line in judged(given.table):
        print(line, flush=True)
    with ProcessPoolExecutor(given.processes) as pool:
        race(pool, field_, given.table, given.sizes, given.replays)


def race(
    pool: ProcessPoolExecutor, field_: list[Way], table: Path, sizes: list[int], replays: int
) -> None:
    """Print a line a way and size."""
    longest = max(sizes) * 2
    jobs = [(field_[0], table, longest, seed) for seed in range(replays)]
    by_chance = list(pool.map(_swept, jobs, chunksize=4))
    print("way | trials | spent | true value of the best | random for the same | difference")
    for way in field_:
        for size in sizes:
            jobs = [(way, table, size, 10_000 + seed) for seed in range(replays)]
            ends = [found[-1] for found in pool.map(_swept, jobs, chunksize=4) if found]
            spent, values = (np.array(column) for column in zip(*ends, strict=True))
            chance = np.array([_at(curve, float(spent.mean())) for curve in by_chance])
            gap = values.mean() - chance.mean()
            error = np.sqrt(values.var(ddof=1) / len(values) + chance.var(ddof=1) / len(chance))
            print(
                f"{way.name} | {size} | {spent.mean():.1f} | {values.mean():.4f} "
                f"+- {1.96 * values.std(ddof=1) / np.sqrt(len(values)):.4f} | "
                f"{chance.mean():.4f} | {100 * gap:+.2f} +- {196 * error:.2f} points",
                flush=True,
            )


def _at(curve: list[tuple[float, float]], spent: float) -> float:
    """Give the true value of the best once ``spent`` was spent."""
    reached = [value for at, value in curve if at <= spent]
    return reached[-1] if reached else curve[0][1]


if __name__ == "__main__":
    main()
