"""Is one model better than another on a test split, given several seeds of each?

Arrays in, numbers out. The two models are trained with the same seeds and judged on the same
texts, so every comparison is paired in both. Class ids are integers from 0. SciPy and statsmodels
are imported where they are used: a report reads evidence without computing any.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95
"""All claims of one refit hold together at this level, however often it is looked at."""
POWER = 0.8
"""The share of refits that would find the difference which one is said to be able to see."""
MOST_SEEDS = 1000
"""Where more would be needed, seeds are not what is missing."""

FEW_DISCORDANT = 25
"""Below so many texts that only one model gets right, McNemar's test is exact (binomial)."""

METRICS = ("accuracy", "f1_macro")

Classes = NDArray[Any]
Floats = NDArray[np.float64]
Interval = tuple[float, float]


@dataclass(frozen=True)
class Errors:
    """The standard errors of a mean difference over ``seeds`` pairs of runs.

    ``from_seeds`` is estimated from the pairs, with ``seeds - 1`` degrees of freedom;
    ``from_texts`` is what other test texts would change, from thousands of them.
    """

    seeds: int
    from_seeds: float
    from_texts: float

    def reach(self, tail: float) -> float:
        """Give how far the difference may be off in one direction, but for a share ``tail``.

        Each error has its own quantile, Student's for the seeds and the normal one for the texts,
        and the two are added as errors are, by squares. (Howe, "Approximate confidence limits on
        the mean of X + Y", JASA 1974, adds limits so.)
        """
        from scipy.special import ndtri, stdtrit

        parts = (
            -float(stdtrit(self.seeds - 1, tail)) * self.from_seeds,
            -float(ndtri(tail)) * self.from_texts,
        )
        return math.hypot(*(part if math.isfinite(part) else math.inf for part in parts))

    def interval(self, mean: float, level: float) -> Interval:
        """Give the interval around ``mean`` that has the true difference in it at ``level``."""
        reach = self.reach((1 - level) / 2)
        return mean - reach, mean + reach

    def p(self, mean: float) -> float:
        """Give the p value of no difference: at the level 1 - p the interval ends at zero."""
        from scipy.optimize import brentq

        if self.from_seeds == self.from_texts == 0 or mean == 0:
            return float(mean == 0)
        lowest = -600.0
        if self.reach(math.exp(lowest) / 2) <= abs(mean):
            return 0.0
        log_p = brentq(lambda log: self.reach(math.exp(log) / 2) - abs(mean), lowest, 0.0)
        return math.exp(log_p)

    def smallest(self, level: float) -> float:
        """Give the smallest true difference that is claimed at ``level`` with :data:`POWER`.

        Given these errors: the mean lies so far above the interval's reach that it falls below it
        in a fifth of the cases.
        """
        return self.reach((1 - level) / 2) + self.reach(1 - POWER)

    def with_seeds(self, seeds: int) -> "Errors":
        """Give what the errors would be with so many pairs that vary alike."""
        return Errors(seeds, self.from_seeds * math.sqrt(self.seeds / seeds), self.from_texts)

    def seeds_for(self, difference: float, level: float) -> int | None:
        """Give how many pairs would find ``difference`` at ``level`` with :data:`POWER`.

        None where more than :data:`MOST_SEEDS` would not: then it is the texts that are too few.
        """
        low, high = 1, MOST_SEEDS
        if self.with_seeds(high).smallest(level) > abs(difference):
            return None
        while high - low > 1:
            middle = (low + high) // 2
            if self.with_seeds(middle).smallest(level) > abs(difference):
                low = middle
            else:
                high = middle
        return high


@dataclass(frozen=True)
class Difference:
    """One metric's difference, candidate minus baseline, over paired seeds.

    ``per_seed`` are the differences, ``mean`` and ``std`` (n - 1) theirs. ``interval`` has the
    true one in it at 95 %, ``simultaneous`` at the level of the claims, which is corrected for the
    number of candidates and of looks; ``p`` is that of no difference, ``p_corrected`` the same
    times the number of candidates. ``errors`` are what the intervals are made of, ``smallest`` the
    smallest difference that would be found with a power of 80 %, and ``seeds_needed`` the seeds
    that would find the one that was seen, None where no number would. The last three are unknown
    (None) in evidence of earlier versions, whose intervals are those of a bootstrap.
    """

    per_seed: tuple[float, ...]
    mean: float
    std: float
    interval: Interval
    simultaneous: Interval
    p: float
    p_corrected: float
    errors: Errors | None = None
    smallest: float | None = None
    seeds_needed: int | None = None


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


def metrics_of(truth: Classes, predicted: Classes, classes: int) -> dict[str, Floats]:
    """Give ``accuracy`` and ``f1_macro`` of each row of ``predicted``.

    ``truth`` ``(n,)``, ``predicted`` ``(seeds, n)``; values ``(seeds,)``. A class that is neither
    true nor predicted has an F1 of 0, as scikit-learn has it with ``zero_division=0``.
    """
    f1 = np.array([[_f1(truth, row, c)[0] for c in range(classes)] for row in predicted])
    return {"accuracy": (predicted == truth).mean(axis=1), "f1_macro": f1.mean(axis=1)}


def _f1(truth: Classes, predicted: Classes, label: int) -> tuple[float, float]:
    """Give a class's F1, and the share of texts that it is of or that are taken for it."""
    hits = float(np.mean((truth == label) & (predicted == label)))
    claims = float(np.mean(truth == label) + np.mean(predicted == label))
    return (2 * hits / claims if claims else 0.0), claims


def influences(truth: Classes, predicted: Classes, classes: int) -> dict[str, Floats]:
    """Give by how much each text moves each metric of each row, ``(seeds, n)``, times ``n``.

    The mean over texts is 0 (or, for accuracy, the metric itself) and their variance over ``n`` is
    the metric's own: accuracy is a mean, and macro-F1 is nearly one (the delta method: the
    derivative of ``2 hits / claims`` with respect to the weight of a text).
    """
    moved = np.zeros(predicted.shape)
    for row, own in zip(moved, predicted, strict=True):
        for label in range(classes):
            f1, claims = _f1(truth, own, label)
            if claims:
                is_true, is_own = truth == label, own == label
                row += (2.0 * (is_true & is_own) - f1 * (is_true * 1.0 + is_own)) / claims
    return {"accuracy": (predicted == truth) * 1.0, "f1_macro": moved / classes}


def errors_of(differences: Floats, influence: Floats) -> Errors:
    """Estimate the standard errors of the mean of ``differences``, ``(seeds,)``, two or more.

    ``influence`` ``(seeds, n)`` is the difference of the two models' :func:`influences`. The
    analysis of variance of seeds and texts: what seeds and texts do together is in the spread of
    the seeds already, so it is taken out of that of the texts.
    """
    seeds, n = influence.shape
    by_text = influence.mean(axis=0)
    rest = influence - influence.mean(axis=1, keepdims=True) - by_text + by_text.mean()
    together = float((rest**2).sum()) / ((seeds - 1) * max(n - 1, 1))
    texts = float(by_text.var(ddof=1)) / n - together / (seeds * n) if n > 1 else 0.0
    from_seeds = float(differences.std(ddof=1)) / math.sqrt(seeds)
    return Errors(seeds, from_seeds, math.sqrt(max(texts, 0.0)))


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
