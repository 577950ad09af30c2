"""Which way of searching finds the better network for the same compute? Replayed, not trained.

    python benchmarks/search_race.py
    python benchmarks/search_race.py --space around_baseline
    python benchmarks/search_race.py --sampler tpe multivariate=true --pruner median --confirm 3

Feeds recorded tables (``search_table.csv``, made by ``search_table.py``, and ``search_live.csv``,
the trainings of ``search_live.py``) through the engine's own queue, samplers, pruners and
confirmation, with two workers on a simulated clock. A search may ask for any point of the space: a
Gaussian process, fitted to the tables, says what a point comes to after each epoch and how long an
epoch takes. Each replay draws a world of its own from it, so that a point far from all recorded
ones may be better than their mean says, as it may be where it is trained; luck is added as the
tables have it between trainings of one point with several seeds. How well the model predicts points
that it has not seen is printed first.

A sweep is judged by the true value (its world's, without luck) of the point that it names as the
best, against what it spent, in whole trials of average length. Beside each are what random search
without pruning comes to for the same compute, and the 95 % interval of the difference. A second
table says what each way spends until it names as good a winner as random search does after
:data:`REFERENCE` trials, from the means over budgets, straight lines between them.
"""

import heapq
import json
import os
import random
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import optuna
import pandas as pd
from _measuring import options
from optuna.distributions import json_to_distribution
from optuna.terminator import BestValueStagnationEvaluator, Terminator
from optuna.trial import TrialState
from scipy.linalg import cho_solve
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.model_selection import KFold

from rcnn_sweep.names import TrialAttr
from rcnn_sweep.sweep.feasibility import FeasibleSampler, KnownPoints
from rcnn_sweep.sweep.findings import best_of
from rcnn_sweep.sweep.options import Limits
from rcnn_sweep.sweep.samplers import TPE, UNPRUNED, Named, make_pruner, make_sampler
from rcnn_sweep.sweep.space.space import Parameter, Space
from rcnn_sweep.sweep.study import (
    Claim,
    Confirmation,
    Queue,
    Retries,
    Slots,
    is_searched,
    limit_reached,
    snapshot_of,
)
from rcnn_sweep.sweep.study.confirmation import RUNS
from rcnn_sweep.sweep.trial import derived_seed

TABLES = tuple(Path(__file__).with_name(f"search_{name}.csv") for name in ("table", "live"))
WORKERS = 2
SIZES = (10, 20, 30, 60, 100)
STAGNATION = 30
"""Trials without a better one after which Optuna's terminator ends a search, by its own default;
its other evaluators need PyTorch."""
REFERENCE, CHANCES = 30, 5
"""Trials of the random search that all are held against, and so many of it for each replay."""
SPACES = {"wide": None, "around_baseline": ("conv.filters", "conv.kernel_size", "lstm.units")}
"""Which of the table's keys are searched, None for all; the others have the baseline's values."""

ALIKE, OFTEN, MARGIN, SLIGHT, DRAWN, FEATURES = 48, 5, 0.02, 1e-9, 10_000, 500


@dataclass(frozen=True)
class Way:
    """A way of searching: what a command would set below ``hydra.sweeper``.

    Or, with ``rungs``, what none can: of random points, that share goes on after each epoch, from
    its saved weights.
    """

    name: str
    sampler: Named = TPE
    pruner: Named = UNPRUNED
    confirm: int = 0
    common_seed: bool = False
    baseline_first: bool = True
    patience: int | None = None
    stagnation: int | None = None
    rungs: float | None = None


@dataclass(frozen=True)
class Course:
    """What is raced on: recorded tables, the first with a space, and one of :data:`SPACES`."""

    tables: tuple[Path, ...] = TABLES
    space: str = "wide"

    @property
    def rows(self) -> pd.DataFrame:
        """Give all trainings."""
        return pd.concat([pd.read_csv(table) for table in self.tables], ignore_index=True)


@dataclass(frozen=True)
class Reached:
    """What was spent, and the true value of what is then named as the best."""

    spent: float
    value: float


@dataclass(frozen=True)
class Process:
    """A fitted Gaussian process: scikit-learn's mean, which takes .5 ms a point, or a draw of it.

    A draw is a function that the process holds for possible: far from what was fitted it differs
    from the mean by more. It is drawn by its prior's random Fourier features (Rahimi and Recht
    2007), corrected for what was fitted (Wilson et al. 2020). ``noise`` is a variance for each
    point that was fitted, where ``scale`` is 1.
    """

    x: np.ndarray
    lengths: np.ndarray
    weights: np.ndarray
    middle: float
    size: float
    noise: np.ndarray
    scale: float
    factor: np.ndarray
    draw: "Draw | None" = None

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray, variances: np.ndarray) -> "Process":
        """Fit points, (n, parameters), with a length for each parameter and white noise beside the
        luck in ``y``, whose ``variances``, (n,), are known."""
        kernel = ConstantKernel(1.0) * RBF(np.ones(x.shape[1]), (0.05, 50)) + WhiteKernel(0.1)
        noise = variances / y.var()
        model = GaussianProcessRegressor(kernel, alpha=noise, normalize_y=True, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(x, y)
        size, lengths = model.kernel_.k1.k1.constant_value, model.kernel_.k1.k2.length_scale
        noise = noise + model.kernel_.k2.noise_level
        scale, middle = float(y.std()), float(y.mean())
        weights = scale * size * model.alpha_
        return cls(x / lengths, lengths, weights, middle, size, noise, scale, model.L_)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Give the values at points, (n,)."""
        apart = ((x / self.lengths)[:, None] - self.x) ** 2  # (n, fitted, parameters)
        found: np.ndarray = self.middle + np.exp(-apart.sum(axis=2) / 2) @ self.weights
        return found if self.draw is None else found + self._prior(self.draw, x / self.lengths)

    def drawn(self, seed: int) -> "Process":
        """Draw a function; processes of like lengths draw like ones with one seed."""
        draw, rng = Draw.of(seed, self.x.shape[1]), np.random.default_rng([seed, 1])
        seen = self._prior(draw, self.x) / self.scale
        seen += np.sqrt(self.noise) * rng.normal(size=len(seen))
        mended = self.weights - self.scale * self.size * cho_solve((self.factor, True), seen)
        return replace(self, weights=mended, draw=draw)

    def _prior(self, draw: "Draw", x: np.ndarray) -> np.ndarray:
        return self.scale * np.sqrt(2 * self.size / FEATURES) * draw.total(x)


@dataclass(frozen=True)
class Draw:
    """What is random in a drawn function: waves."""

    waves: np.ndarray
    phases: np.ndarray
    heights: np.ndarray

    @classmethod
    def of(cls, seed: int, parameters: int) -> "Draw":
        """Draw :data:`FEATURES` waves."""
        rng = np.random.default_rng(seed)
        waves = rng.normal(size=(FEATURES, parameters))
        return cls(waves, rng.uniform(0, 2 * np.pi, FEATURES), rng.normal(size=FEATURES))

    def total(self, x: np.ndarray) -> np.ndarray:
        """Give the waves' sum at points in units of the lengths, (n,)."""
        total: np.ndarray = np.cos(x @ self.waves.T + self.phases) @ self.heights
        return total


@dataclass(frozen=True)
class Model:
    """A Gaussian process of how far below a ``ceiling`` trainings come, on a logarithmic scale.

    Most of the space is far below the best points, among which the differences are small; and there
    luck is of one size everywhere: no training comes above the ceiling, and one that fails is far
    below. ``failing`` is how much farther below a mean is than what is typical.
    """

    process: Process
    ceiling: float
    failing: float

    def drawn(self, seed: int) -> "Model":
        """Draw a function that the process holds for possible."""
        return replace(self, process=self.process.drawn(seed))

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Give the true values of points, (n,): the mean of many trainings."""
        return self.mean(self.process.predict(x))

    def mean(self, typical: np.ndarray) -> np.ndarray:
        """Give the means of many trainings where the logarithm is typically that."""
        return self.ceiling - self.failing * np.exp(typical)

    def with_luck(self, values: np.ndarray, luck: np.ndarray) -> np.ndarray:
        """Give what single trainings have, whose true ``values`` are those, (n,) both."""
        return self.ceiling - (self.ceiling - values) / self.failing * np.exp(luck)


@dataclass(frozen=True)
class World:
    """What training would come to, learnt from a table; ``searched`` is a part of its space.

    ``predicted`` is of each of the table's points, from the others; ``places`` are the points of
    the trainings that tell of ``luck``.
    """

    space: Space
    searched: Space
    baseline: Mapping[str, Any]
    models: tuple["Model", ...] = field(repr=False)
    seconds_model: Process = field(repr=False)
    predicted: np.ndarray = field(repr=False)
    places: np.ndarray = field(repr=False)
    luck: np.ndarray = field(repr=False)
    luck_of_seed: np.ndarray = field(repr=False)
    whole: float

    def drawn(self, seed: int) -> "World":
        """Draw a world that the tables leave possible."""
        return replace(self, models=tuple(model.drawn(seed) for model in self.models))

    @property
    def baseline_point(self) -> dict[str, Any]:
        """Give the baseline's values of what is searched."""
        return {p.key: self.baseline[p.key] for p in self.searched.parameters}

    def values(self, points: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """Give the true values of points after each epoch, (n, epochs)."""
        x = self._features(points)
        return np.array([model.predict(x) for model in self.models]).T

    def with_luck(self, values: np.ndarray, rng: np.random.Generator, seed: int) -> np.ndarray:
        """Give what one training of a point has after each epoch; ``values``, (epochs,), are true.

        Luck is that of one of the :data:`ALIKE` trainings whose points' predictions are nearest.
        Predicted from other points: by their own values the lucky ones would be the good ones.
        """
        alike = np.argsort(np.abs(self.predicted[self.places] - values[-1]))[:ALIKE]
        own = self.luck[rng.choice(alike)]
        luck = own + np.random.default_rng(seed).normal() * self.luck_of_seed
        drawn = zip(self.models, values, luck, strict=True)
        return np.array([model.with_luck(value, one) for model, value, one in drawn])

    def seconds(self, points: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """Give the seconds of an epoch, (n,), as a share of a whole average trial."""
        log = self.seconds_model.predict(self._features(points))
        return np.exp(log) / len(self.models) / self.whole

    def _features(self, points: Sequence[Mapping[str, Any]]) -> np.ndarray:
        return features(self.space, [{**self.baseline, **params} for params in points])


def features(space: Space, points: Sequence[Mapping[str, Any]]) -> np.ndarray:
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


@lru_cache
def world_of(course: Course) -> World:
    """Learn the world from tables; every process does it for itself."""
    rows, described = course.rows, json.loads(course.tables[0].with_suffix(".json").read_text())
    distributions = {key: json_to_distribution(d) for key, d in described["space"].items()}
    space = Space([Parameter(key, d) for key, d in distributions.items()])
    keys = [parameter.key for parameter in space.parameters]
    epochs = [column for column in rows if column.startswith("epoch_")]
    ceilings = rows[epochs].max() + MARGIN
    rows[epochs] = np.log(ceilings - rows[epochs])
    means = rows.groupby(keys, sort=False)[[*epochs, "seconds"]].mean().reset_index()
    x = features(space, means[keys].to_dict("records"))
    places, luck, luck_of_seed = luck_in(rows, keys, epochs)
    failing = np.ones(len(epochs))
    if len(luck):
        failing = np.exp(luck).mean(axis=0) * np.exp(luck_of_seed**2 / 2)
    variances = luck.var(axis=0) + luck_of_seed**2 if len(luck) else np.full(len(epochs), SLIGHT)
    count = rows.groupby(keys, sort=False).size().to_numpy()
    models = tuple(
        Model(Process.of(x, means[epoch].to_numpy(), variance / count), *of_epoch)
        for epoch, variance, *of_epoch in zip(epochs, variances, ceilings, failing, strict=True)
    )
    searched = SPACES[course.space] or keys
    return World(
        space=space,
        searched=Space([p for p in space.parameters if p.key in searched]),
        baseline=described["baseline"],
        models=models,
        seconds_model=Process.of(x, np.log(means["seconds"].to_numpy()), np.full(len(x), SLIGHT)),
        predicted=models[-1].mean(left_out(x, means[epochs[-1]].to_numpy(), variances[-1] / count)),
        places=places,
        luck=luck,
        luck_of_seed=luck_of_seed,
        whole=float(means["seconds"].mean()),
    )


def luck_in(
    rows: pd.DataFrame, keys: list[str], epochs: list[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tell luck from points that were trained :data:`OFTEN` and more, with seeds that others have.

    ``rows`` have the logarithms that a :class:`Model` knows. Few trainings would hide that luck is
    lopsided. Gives, of those trainings, (n,) whose point it is, in the order in which points come;
    (n, epochs) how far off its point's mean each is, as much larger as a mean of few hides; and
    (epochs,) by how much a seed moves all points alike, a standard deviation, which is taken out.
    """
    points = rows.groupby(keys, sort=False)
    count = points[epochs[0]].transform("count")
    is_shared = rows.groupby("seed")["seed"].transform("count") > 1
    is_again = (count >= OFTEN) & is_shared
    hidden = np.sqrt(count / (count - 1).clip(lower=1))
    off = (rows[epochs] - points[epochs].transform("mean")).mul(hidden, axis=0)[is_again]
    seeds = off.groupby(rows["seed"])
    by_seed, error = seeds.mean(), seeds.std().div(np.sqrt(seeds.size()), axis=0)
    alike = np.sqrt((by_seed**2 - error**2).mean().clip(lower=0))
    own = off - seeds.transform("mean")
    return points.ngroup()[is_again].to_numpy(), own.to_numpy(), alike.to_numpy()


def left_out(x: np.ndarray, y: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """Predict each point from those in the other nine of ten folds, (n,)."""
    guessed = np.empty_like(y)
    for train, test in KFold(10, shuffle=True, random_state=0).split(x):
        guessed[test] = Process.of(x[train], y[train], variances[train]).predict(x[test])
    return guessed


def judged(course: Course) -> Iterator[str]:
    """Say how well the model predicts points that it has not seen, how large luck is, and what
    the space has to offer."""
    world, rows = world_of(course), course.rows
    if not len(world.luck):
        raise SystemExit(
            f"--tables: expected points trained {OFTEN} times and more; received none."
        )
    keys = [parameter.key for parameter in world.space.parameters]
    last = [column for column in rows if column.startswith("epoch_")][-1]
    y, guessed = rows.groupby(keys, sort=False)[last].mean().to_numpy(), world.predicted
    top = y >= np.quantile(y, 0.5)
    share = 1 - np.mean((guessed - y) ** 2) / np.var(y)
    rank = pd.Series(guessed[top]).corr(pd.Series(y[top]), method="spearman")
    error = float(np.sqrt(np.mean((guessed - y)[top] ** 2)))
    near = np.argsort(-guessed[world.places])[:ALIKE]
    ceiling = world.models[-1].ceiling
    yield (
        f"{len(y)} points, {len(rows)} trainings; of points left out the model explains "
        f"{share:.0%}; in the better half its error is {error:.4f}, rank correlation {rank:.2f}"
    )
    yield (
        f"of {len(world.luck)} trainings of points trained {OFTEN} times and more, luck is "
        f"{world.luck[near, -1].std():.0%} of how far below {ceiling:.4f} they come at the {ALIKE} "
        f"predicted to be best, {world.luck[:, -1].std():.0%} at all; a seed moves all points "
        f"alike by {world.luck_of_seed[-1]:.0%}; best mean {y.max():.4f}, true value of the "
        f"baseline {world.values([world.baseline])[0, -1]:.4f}"
    )
    draw = random.Random(0)
    drawn = world.values([world.searched.draw(draw) for _ in range(DRAWN)])[:, -1]
    low, middle, high = np.quantile(drawn, (0.05, 0.5, 0.95))
    yield (
        f"true values of {DRAWN:,} random points: median {middle:.4f}, nine in ten from {low:.4f} "
        f"to {high:.4f}, best {drawn.max():.4f}"
    )


def replay(way: Way, course: Course, n_trials: int, seed: int) -> Reached | None:
    """Run one sweep to its end; None where no trial completed."""
    if way.rungs is not None:
        return by_rungs(way.rungs, way.confirm, course, n_trials, seed)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    world, rng = world_of(course).drawn(seed), np.random.default_rng(seed)
    study = optuna.create_study(direction="maximize", pruner=make_pruner(way.pruner))
    queue = Queue(study._storage, study._study_id, "")
    queue.set_study_attr("n_trials", n_trials)
    baseline = world.baseline_point
    queue.set_study_attr("baseline", baseline)
    confirmation = Confirmation(way.confirm, "maximize") if way.confirm else None
    claim = Claim(
        "worker",
        "session",
        Retries(0, datetime.now()),
        points={0: baseline} if way.baseline_first else {},
        is_stopped=_stop_rule(way, study, confirmation),
        confirmation=confirmation,
        is_searched=lambda slots: is_searched(slots, Limits(patience=way.patience), "maximize"),
    )
    known, spent = KnownPoints(world.searched), 0.0
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
            heapq.heappush(clock, (now, worker, None))
            continue
        spent += seconds
        trial.intermediate.append(step + 1)
        heapq.heappush(clock, (now + seconds, worker, running))
    best = best_of(map(snapshot_of, queue.look().ended), ("maximize",))
    return Reached(spent, float(world.values([best[0].params])[0, -1])) if best else None


def by_rungs(share: float, confirm: int, course: Course, n_trials: int, seed: int) -> Reached:
    """Train random points, the baseline first, an epoch each; ``share`` of them go on after each.

    None of an epoch is trained twice, as where each goes on from its saved weights. The best
    ``confirm`` are run again, as the engine does, and the baseline, and the best mean is named.
    """
    world, draw = world_of(course).drawn(seed), random.Random(seed)
    rng = np.random.default_rng(seed)
    points = [world.baseline_point, *(world.searched.draw(draw) for _ in range(n_trials - 1))]
    truths, seconds = world.values(points), world.seconds(points)
    epochs = truths.shape[1]

    def trained(number: int, luck: int) -> np.ndarray:
        return world.with_luck(truths[number], rng, derived_seed(seed, luck))

    seen = np.array([trained(number, number) for number in range(n_trials)])
    going, spent = np.arange(n_trials), 0.0
    for epoch in range(epochs):
        spent += float(seconds[going].sum())
        best_first = going[np.argsort(-seen[going, epoch])]
        going = best_first[: max(confirm, round(share * len(going)))]
    best = going[:confirm]
    again = [[trained(n, n_trials + RUNS * n + k)[-1] for k in range(RUNS)] for n in best]
    spent += RUNS * epochs * float(seconds[[0, *best]].sum())
    means = [np.mean([seen[n, -1], *runs]) for n, runs in zip(best, again, strict=True)]
    return Reached(spent, float(truths[best[int(np.argmax(means))], -1]))


def by_chance(course: Course, n_trials: int, seed: int) -> list[Reached]:
    """Search at random, one trial after another, none pruned; gives the state after each."""
    world, draw = world_of(course).drawn(seed), random.Random(seed)
    rng = np.random.default_rng(seed)
    points = [world.searched.draw(draw) for _ in range(n_trials)]
    truths = world.values(points)
    values = [
        world.with_luck(true, rng, derived_seed(seed, number))[-1]
        for number, true in enumerate(truths)
    ]
    named = [int(np.argmax(values == best)) for best in np.maximum.accumulate(values)]
    spent = np.cumsum(world.seconds(points)) * len(world.models)
    return [Reached(*pair) for pair in zip(spent, truths[named, -1], strict=True)]


def _stop_rule(
    way: Way, study: optuna.Study, confirmation: Confirmation | None
) -> Callable[[Slots], bool]:
    """Give what says that a search ends before its slots are spent."""
    if way.stagnation is not None:
        terminator = Terminator(BestValueStagnationEvaluator(way.stagnation))
        return lambda slots: terminator.should_terminate(study)
    limits, began = Limits(patience=way.patience), datetime.now()
    return lambda slots: bool(limit_reached(slots, limits, "maximize", began, confirmation))


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
    params = world.searched.suggest(trial)
    is_again = TrialAttr.CONFIRMS in trial.user_attrs
    luck = derived_seed(seed, 0) if way.common_seed and not is_again else own
    curve = world.with_luck(world.values([params])[0], rng, luck)
    return Running(trial, is_again), curve, float(world.seconds([params])[0])


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
    cma, median = Named("cmaes"), Named("median")
    gentle = Named("percentile")
    return [
        Way("random", Named("random"), baseline_first=False),
        Way("random, confirmed", Named("random"), confirm=3),
        Way("random, worst quarter pruned, confirmed", Named("random"), gentle, confirm=3),
        Way("quasi-random, confirmed", Named("qmc"), confirm=3),
        Way("CMA-ES, confirmed", cma, confirm=3),
        Way("CMA-ES, worst quarter pruned, confirmed", cma, gentle, confirm=3),
        Way("CMA-ES, median, confirmed", cma, median, confirm=3),
        Way("CMA-ES", cma),
        Way("TPE, confirmed", TPE, confirm=3),
        Way("TPE, worst quarter pruned, confirmed", TPE, gentle, confirm=3),
        Way("TPE, median, confirmed", TPE, median, confirm=3),
        Way("TPE, median", TPE, median),
        Way("TPE", TPE),
        Way("random, half goes on after each epoch, confirmed", confirm=3, rungs=1 / 2),
        Way("random, a third goes on after each epoch, confirmed", confirm=3, rungs=1 / 3),
        Way("Optuna's defaults", TPE, median, baseline_first=False),
        Way("CMA-ES, confirmed, patience 10", cma, confirm=3, patience=10),
        Way("CMA-ES, confirmed, patience 20", cma, confirm=3, patience=20),
        Way("CMA-ES, confirmed, Optuna's terminator", cma, confirm=3, stagnation=STAGNATION),
    ]


def _swept(job: tuple[Way, Course, int, int]) -> Reached | None:
    return replay(*job)


def _drawn(job: tuple[Course, int, int]) -> list[Reached]:
    return by_chance(*job)


def main() -> None:
    """Race and print the tables."""
    parser = options(__doc__)
    parser.add_argument("--tables", type=Path, nargs="+", default=TABLES)
    parser.add_argument("--space", choices=SPACES, default="wide")
    parser.add_argument("--replays", type=int, default=200)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="n_trials")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--ways", nargs="+", metavar="NAME", help="only these of the field")
    parser.add_argument("--sampler", nargs="+", metavar=("NAME", "KEY=JSON"))
    parser.add_argument("--pruner", nargs="+", metavar=("NAME", "KEY=JSON"), default=["none"])
    parser.add_argument("--confirm", type=int, default=0)
    parser.add_argument("--common-seed", action="store_true")
    parser.add_argument("--patience", type=int)
    given = parser.parse_args()
    field_ = ways()
    if unknown := {*(given.ways or ())} - {way.name for way in field_}:
        parser.error(f"--ways: expected some of {[w.name for w in field_]}; received {unknown}")
    if given.sampler:
        sampler, pruner = _named(given.sampler), _named(given.pruner)
        options_ = (given.confirm, given.common_seed, True, given.patience)
        field_ = [field_[0], Way("this", sampler, pruner, *options_)]
    elif given.ways:
        field_ = [way for way in field_ if way.name in given.ways]
    course = Course(tuple(given.tables), given.space)
    for line in judged(course):
        print(line, flush=True)
    with ProcessPoolExecutor(given.processes) as pool:
        race(pool, field_, course, sorted(given.sizes), given.replays)


def race(
    pool: ProcessPoolExecutor, field_: list[Way], course: Course, sizes: list[int], replays: int
) -> None:
    """Print a line a way and size, then what each way spends until it is as good as chance."""
    longest = max(3 * max(sizes) // 2, REFERENCE)
    draws = [(course, longest, seed) for seed in range(CHANCES * replays)]
    chances = list(pool.map(_drawn, draws, chunksize=8))
    reached: dict[str, list[Reached]] = {}
    print("way | trials | spent | true value of the best | random for the same | difference")
    for way in field_:
        for size in sizes:
            jobs = [(way, course, size, 10_000 + seed) for seed in range(replays)]
            ends = [found for found in pool.map(_swept, jobs, chunksize=4) if found]
            spent, values = (np.array([getattr(e, n) for e in ends]) for n in ("spent", "value"))
            chance = np.array([_at(curve, float(spent.mean())) for curve in chances])
            gap = values.mean() - chance.mean()
            error = np.sqrt(values.var(ddof=1) / len(values) + chance.var(ddof=1) / len(chance))
            reached.setdefault(way.name, []).append(Reached(spent.mean(), values.mean()))
            print(
                f"{way.name} | {size} | {spent.mean():.1f} | {values.mean():.4f} "
                f"+- {1.96 * values.std(ddof=1) / np.sqrt(len(values)):.4f} | "
                f"{chance.mean():.4f} | {100 * gap:+.2f} +- {196 * error:.2f} points",
                flush=True,
            )
    winners = [curve[REFERENCE - 1] for curve in chances]
    target = Reached(fmean(w.spent for w in winners), fmean(w.value for w in winners))
    print(
        f"way | spent until as good as random search's winner of {REFERENCE} trials, "
        f"{target.value:.4f} | how many times as much that spends, {target.spent:.1f}"
    )
    for name, means in reached.items():
        print(f"{name} | {_until(target, means)}")


def _until(target: Reached, means: Sequence[Reached]) -> str:
    """Say what a way spends until its mean true value is the target's, and how many times as
    much random search spends."""
    if means[0].value >= target.value:
        most = means[0].spent
        return f"at most {most:.1f} | at least {target.spent / most:.1f}"
    for before, after in pairwise(means):
        if after.value >= target.value:
            share = (target.value - before.value) / (after.value - before.value)
            spent = before.spent + share * (after.spent - before.spent)
            return f"{spent:.1f} | {target.spent / spent:.1f}"
    return f"more than {means[-1].spent:.1f} | less than {target.spent / means[-1].spent:.1f}"


def _at(curve: list[Reached], spent: float) -> float:
    """Give the true value of the best once ``spent`` was spent."""
    reached = [state.value for state in curve if state.spent <= spent]
    return reached[-1] if reached else curve[0].value


if __name__ == "__main__":
    main()
