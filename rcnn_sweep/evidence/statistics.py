"""Is one model better than another on a test split, given several seeds of each?

Arrays in, numbers out. The two models are trained with the same seeds and judged on the same
texts, so every comparison is paired in both. Class ids are integers from 0. SciPy and statsmodels
are imported where they are used: a report reads evidence without computing any.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
"""Bootstrap resamples: the share below the 2.5 % quantile has a standard error of .35 %."""

LEVEL = 0.95
MOST_WEIGHTS = 4_000_000
"""Texts' weights held at once (32 MB)."""

FEW_DISCORDANT = 25
"""Below so many texts that only one model gets right, McNemar's test is exact (binomial)."""

METRICS = ("accuracy", "f1_macro")

Classes = NDArray[Any]
Interval = tuple[float, float]


@dataclass(frozen=True)
class Difference:
    """One metric's difference, candidate minus baseline, over paired seeds.

    ``per_seed`` are the differences, ``mean`` and ``std`` (n - 1) theirs. ``interval`` is the 95 %
    bootstrap interval over seeds and texts, ``simultaneous`` the one at the level corrected for
    the number of candidates. ``t_interval`` and ``p`` are those of the paired t test over seeds,
    ``p_holm`` the latter after Holm's correction for the number of candidates.
    """

    per_seed: tuple[float, ...]
    mean: float
    std: float
    interval: Interval
    simultaneous: Interval
    t_interval: Interval
    p: float
    p_holm: float


@dataclass(frozen=True)
class McNemar:
    """McNemar's test of one seed's two models.

    ``only_baseline`` and ``only_candidate`` count the texts that only that model got right.
    """

    only_baseline: int
    only_candidate: int
    p: float
    is_exact: bool


@dataclass(frozen=True)
class Scores:
    """Test metrics of one config, a value a seed; ``std`` divides by n - 1."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Give the mean over seeds, NaN without any."""
        return float(np.mean(self.values)) if self.values else float("nan")

    @property
    def std(self) -> float:
        """Give the standard deviation over seeds, NaN for fewer than two."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else float("nan")


def metrics_of(truth: Classes, predicted: Classes, classes: int) -> dict[str, NDArray[np.float64]]:
    """Give ``accuracy`` and ``f1_macro`` of each row of ``predicted``.

    ``truth`` ``(n,)``, ``predicted`` ``(seeds, n)``; values ``(seeds,)``. A class that is neither
    true nor predicted has an F1 of 0, as scikit-learn has it with ``zero_division=0``.
    """
    weights = np.ones((1, len(truth)))
    return {name: value[0] for name, value in _weighted(truth, predicted, classes, weights).items()}


def _weighted(
    truth: Classes, predicted: Classes, classes: int, weights: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Give each metric ``(resamples, seeds)``, texts counted ``weights`` ``(resamples, n)`` times.

    Both metrics are functions of counts that are linear in the weights: one matrix product.
    """
    ids = np.arange(classes)
    is_true = truth[:, None] == ids  # (n, classes)
    is_predicted = predicted[..., None] == ids  # (seeds, n, classes)
    hits = _counted(weights, is_predicted & is_true)
    support = (weights @ is_true)[:, None, :]
    claimed = _counted(weights, is_predicted)
    f1 = 2 * hits / np.maximum(support + claimed, 1)
    total = weights.sum(axis=1)[:, None]
    return {"accuracy": hits.sum(axis=2) / total, "f1_macro": f1.mean(axis=2)}


def _counted(weights: NDArray[np.float64], marks: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Give ``(resamples, seeds, classes)`` from marks ``(seeds, n, classes)``."""
    seeds, n, classes = marks.shape
    flat = marks.transpose(1, 0, 2).reshape(n, seeds * classes).astype(np.float64)
    return (weights @ flat).reshape(len(weights), seeds, classes)


def bootstrap(
    truth: Classes,
    baseline: Classes,
    candidate: Classes,
    classes: int,
    *,
    resamples: int = RESAMPLES,
    rng_seed: int = 0,
) -> dict[str, NDArray[np.float64]]:
    """Resample the differences over seeds and texts alike; gives ``(resamples,)`` a metric.

    ``truth`` ``(n,)``; ``baseline`` and ``candidate`` ``(seeds, n)``, row ``s`` of both from one
    seed. Each resample draws seeds (as pairs) with replacement and, apart from that, texts, the
    same for all models: the bootstrap of crossed random effects, which is conservative (Owen,
    "The pigeonhole bootstrap", Annals of Applied Statistics 2007). Texts on which all models
    say the same are drawn together: that is exact, and quick.
    """
    rng = np.random.default_rng(rng_seed)
    seeds, n = baseline.shape
    kinds, counts = np.unique(np.vstack([truth, baseline, candidate]), axis=1, return_counts=True)
    drawn_seeds = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=resamples) / seeds
    drawn: dict[str, list[NDArray[np.float64]]] = {name: [] for name in METRICS}
    for part in np.array_split(drawn_seeds, max(1, resamples * len(counts) // MOST_WEIGHTS)):
        texts = rng.multinomial(n, counts / n, size=len(part)).astype(np.float64)
        values = _weighted(kinds[0], kinds[1:], classes, texts)
        for name, value in values.items():
            differences = value[:, seeds:] - value[:, :seeds]
            drawn[name].append((differences * part).sum(axis=1))
    return {name: np.concatenate(parts) for name, parts in drawn.items()}


def percentiles(drawn: NDArray[np.float64], level: float) -> Interval:
    """Give the central ``level`` of the resampled differences."""
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def paired_t(differences: NDArray[np.float64], level: float) -> tuple[float, Interval]:
    """Give the two-sided p value and the interval of the paired t test over seeds.

    ``differences`` ``(seeds,)``, two or more. Where all are equal there is no spread to judge
    by: p is 1 for no difference, else 0, and the interval is the point.
    """
    from scipy import stats

    mean = float(differences.mean())
    if np.ptp(differences) < 1e-12:
        return (1.0 if abs(mean) < 1e-12 else 0.0), (mean, mean)
    tested = stats.ttest_1samp(differences, 0.0)
    low, high = tested.confidence_interval(level)
    return float(tested.pvalue), (float(low), float(high))


def mcnemar_of(truth: Classes, baseline: Classes, candidate: Classes) -> McNemar:
    """Test whether two models, ``(n,)`` each, err equally often on the same texts (McNemar 1947).

    Exact where fewer than :data:`FEW_DISCORDANT` texts tell them apart, else the chi-squared
    test with continuity correction.
    """
    from statsmodels.stats.contingency_tables import mcnemar

    right, other = baseline == truth, candidate == truth
    only_baseline, only_candidate = int((right & ~other).sum()), int((other & ~right).sum())
    is_exact = only_baseline + only_candidate < FEW_DISCORDANT
    both, none = int((right & other).sum()), int((~right & ~other).sum())
    table = [[both, only_baseline], [only_candidate, none]]
    p = float(mcnemar(table, exact=is_exact, correction=True).pvalue)
    return McNemar(only_baseline, only_candidate, min(p, 1.0), is_exact)


def combined(p_values: Sequence[float]) -> float:
    """Combine p values of tests that depend on each other in an unknown way.

    Twice their mean is a p value whatever the dependence (Rueschendorf 1982; Vovk and Wang,
    Biometrika 2020). The seeds' McNemar tests share their texts, so Fisher's or Stouffer's
    combination, which assume independence, would claim too much.
    """
    return min(1.0, 2 * float(np.mean(p_values)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p values for their number (Holm 1979)."""
    from statsmodels.stats.multitest import multipletests

    return [float(p) for p in multipletests(p_values, method="holm")[1]] if p_values else []
