"""What training would come to, learnt from recorded tables: the worlds that searches race in."""

import json
import random
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd
from optuna.distributions import CategoricalDistribution, json_to_distribution
from scipy.linalg import cho_solve
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.model_selection import KFold

from rcnn_sweep.sweep.space.space import Parameter, Space

ALIKE, OFTEN, MARGIN, SLIGHT, DRAWN, FEATURES = 48, 5, 0.02, 1e-9, 10_000, 500
TREES, GROWN, LEAF = 20, 400, 2
"""Trees of a drawn forest, of how many that are fitted, and the least points of a leaf."""


@dataclass(frozen=True)
class Recorded:
    """Tables of trainings below ``benchmarks/``, the first with a space beside it.

    ``keys`` are those that are searched, None for all; the others have the baseline's values.
    """

    names: tuple[str, ...]
    keys: tuple[str, ...] | None = None

    @property
    def tables(self) -> tuple[Path, ...]:
        """Give the files."""
        return tuple(Path(__file__).with_name(f"{name}.csv") for name in self.names)


EIGHT_KEYS = ("search_table", "search_live")
SPACES = {
    "wide": Recorded(EIGHT_KEYS),
    "around_baseline": Recorded(EIGHT_KEYS, ("conv.filters", "conv.kernel_size", "lstm.units")),
    "architecture": Recorded(("search_architecture",)),
}


class Truth(Protocol):
    """A fitted model of how far below the ceiling points come; see :class:`Model`."""

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Give the values at points, (n,)."""

    def drawn(self, seed: int) -> "Truth":
        """Draw a function that the tables leave possible."""


@dataclass(frozen=True)
class Course:
    """What is raced on: one of :data:`SPACES`, and a kind of truth.

    Of other ``tables`` the first has the space beside it; ``space`` then says which keys of it are
    searched.
    """

    space: str = "wide"
    tables: tuple[Path, ...] = ()
    truth: Literal["process", "forest"] = "process"

    @property
    def rows(self) -> pd.DataFrame:
        """Give all trainings; a parameter that a point has not is NaN.

        So are the seconds of one that was trained while the machine had other work.
        """
        read = [pd.read_csv(t, keep_default_na=False, na_values=[""]) for t in self._tables]
        found = pd.concat(read, ignore_index=True)
        return found.reindex(columns=[*dict.fromkeys([*found, *self.described["space"]])])

    @property
    def described(self) -> dict[str, Any]:
        """Give the space and the baseline's point, as recorded."""
        found: dict[str, Any] = json.loads(self._tables[0].with_suffix(".json").read_text())
        return found

    @property
    def _tables(self) -> tuple[Path, ...]:
        return self.tables or SPACES[self.space].tables

    def fitted(self, x: np.ndarray, y: np.ndarray, variances: np.ndarray) -> Truth:
        """Fit a truth to points, (n, features), whose luck has these ``variances``, (n,)."""
        return (Forest if self.truth == "forest" else Process).of(x, y, variances)


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
class Forest:
    """Extremely randomized trees (Geurts, Ernst and Wehenkel 2006), each of its own resample.

    Unlike a Gaussian process it takes nothing to be smooth, nor any distance to count alike
    everywhere. A draw is the mean of a few of the trees.
    """

    trees: tuple[Any, ...]

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray, variances: np.ndarray) -> "Forest":
        """Fit points, (n, features), those with less luck counting for more: by the root of how
        much less, for how much the points around one differ from it is no luck."""
        forest = ExtraTreesRegressor(
            GROWN, min_samples_leaf=LEAF, max_features=0.8, bootstrap=True, random_state=0
        )
        return cls(tuple(tree.tree_ for tree in forest.fit(x, y, variances**-0.5).estimators_))

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Give the values at points, (n,)."""
        single = np.ascontiguousarray(x, np.float32)
        found: np.ndarray = np.mean([tree.predict(single)[:, 0] for tree in self.trees], axis=0)
        return found

    def drawn(self, seed: int) -> "Forest":
        """Draw :data:`TREES` of the trees."""
        chosen = np.random.default_rng(seed).choice(len(self.trees), TREES, replace=False)
        return Forest(tuple(self.trees[tree] for tree in chosen))


@dataclass(frozen=True)
class Model:
    """A truth of how far below a ``ceiling`` trainings come, on a logarithmic scale.

    Most of the space is far below the best points, among which the differences are small; and there
    luck is of one size everywhere: no training comes above the ceiling, and one that fails is far
    below. ``failing`` is how much farther below a mean is than what is typical.
    """

    truth: Truth
    ceiling: float
    failing: float

    def drawn(self, seed: int) -> "Model":
        """Draw a function that the truth holds for possible."""
        return replace(self, truth=self.truth.drawn(seed))

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Give the true values of points, (n,): the mean of many trainings."""
        return self.mean(self.truth.predict(x))

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
    models: tuple[Model, ...] = field(repr=False)
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
        return self.searched.within(self.baseline)

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
        searched = {parameter.key for parameter in self.searched.parameters}
        rest = {key: value for key, value in self.baseline.items() if key not in searched}
        return features(self.space, [{**rest, **params} for params in points])


def features(space: Space, points: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """Give the points as numbers from 0 to 1, logarithmic where the space is, (n, features).

    Names have a column each; a number that a point has not is in the middle.
    """
    columns = []
    for parameter in space.parameters:
        d, values = parameter.distribution, [point.get(parameter.key) for point in points]
        if isinstance(d, CategoricalDistribution):
            if all(isinstance(choice, str) for choice in d.choices):
                columns += [[float(value == choice) for value in values] for choice in d.choices]
            else:
                place = {
                    choice: i / max(1, len(d.choices) - 1) for i, choice in enumerate(d.choices)
                }
                columns.append([place.get(value, 0.5) for value in values])
        else:
            scale = np.log if d.log else np.asarray
            low, high = scale(d.low), scale(d.high)
            numbers = scale(np.array(values, float))
            columns.append(np.nan_to_num((numbers - low) / max(high - low, 1e-12), nan=0.5))
    return np.array(columns, float).T


@lru_cache
def world_of(course: Course) -> World:
    """Learn the world from tables; every process does it for itself."""
    rows, described = course.rows, course.described
    conditions = described.get("when", {})
    space = Space(
        [
            Parameter(key, json_to_distribution(one), conditions.get(key, {}))
            for key, one in described["space"].items()
        ]
    )
    keys = [parameter.key for parameter in space.parameters]
    searched = SPACES[course.space].keys or keys
    if missing := {*searched} - {*keys}:
        raise SystemExit(f"--tables: expected a space with {sorted(missing)}; received {keys}.")
    epochs = [column for column in rows if column.startswith("epoch_")]
    ceilings = rows[epochs].max() + MARGIN
    rows[epochs] = np.log(ceilings - rows[epochs])
    means = rows.groupby(keys, sort=False, dropna=False)[[*epochs, "seconds"]].mean().reset_index()
    x = features(space, means[keys].to_dict("records"))
    places, luck, luck_of_seed = luck_in(rows, keys, epochs)
    failing = np.ones(len(epochs))
    if len(luck):
        failing = np.exp(luck).mean(axis=0) * np.exp(luck_of_seed**2 / 2)
    variances = luck.var(axis=0) + luck_of_seed**2 if len(luck) else np.full(len(epochs), SLIGHT)
    count = rows.groupby(keys, sort=False, dropna=False).size().to_numpy()
    models = tuple(
        Model(course.fitted(x, means[epoch].to_numpy(), variance / count), *of_epoch)
        for epoch, variance, *of_epoch in zip(epochs, variances, ceilings, failing, strict=True)
    )
    return World(
        space=space,
        searched=Space([_among(searched, p) for p in space.parameters if p.key in searched]),
        baseline=described["baseline"],
        models=models,
        seconds_model=Process.of(x, np.log(means["seconds"].to_numpy()), np.full(len(x), SLIGHT)),
        predicted=models[-1].mean(
            left_out(course, x, means[epochs[-1]].to_numpy(), variances[-1] / count)
        ),
        places=places,
        luck=luck,
        luck_of_seed=luck_of_seed,
        whole=float(means["seconds"].mean()),
    )


def _among(searched: Sequence[str], parameter: Parameter) -> Parameter:
    when = {key: values for key, values in parameter.when.items() if key in searched}
    return replace(parameter, when=when)


def luck_in(
    rows: pd.DataFrame, keys: list[str], epochs: list[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tell luck from points that were trained :data:`OFTEN` and more, with seeds that others have.

    ``rows`` have the logarithms that a :class:`Model` knows. Few trainings would hide that luck is
    lopsided. Gives, of those trainings, (n,) whose point it is, in the order in which points come;
    (n, epochs) how far off its point's mean each is, as much larger as a mean of few hides; and
    (epochs,) by how much a seed moves all points alike, a standard deviation, which is taken out.
    """
    points = rows.groupby(keys, sort=False, dropna=False)
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


def left_out(course: Course, x: np.ndarray, y: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """Predict each point from those in the other nine of ten folds, (n,)."""
    guessed = np.empty_like(y)
    for train, test in KFold(10, shuffle=True, random_state=0).split(x):
        truth = course.fitted(x[train], y[train], variances[train])
        guessed[test] = truth.predict(x[test])
    return guessed


def judged(course: Course) -> Iterator[str]:
    """Say how well the model predicts points that it has not seen, how large luck is, and what
    the space has to offer."""
    world, rows = world_of(course), course.rows
    if not len(world.luck):
        raise SystemExit(
            f"expected a table with points trained {OFTEN} times and more; received none."
        )
    keys = [parameter.key for parameter in world.space.parameters]
    last = [column for column in rows if column.startswith("epoch_")][-1]
    y, guessed = (
        rows.groupby(keys, sort=False, dropna=False)[last].mean().to_numpy(),
        world.predicted,
    )
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
