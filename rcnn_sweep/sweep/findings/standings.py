"""How good the points of a study are once luck is allowed for.

The best of many single values owes part of its place to luck. Points that were run again tell how
much of the spread between values is luck, and the rest is what points really differ by; each
point's mean is drawn towards the middle accordingly (the normal model of empirical Bayes: Efron
and Morris, "Stein's paradox in statistics", Scientific American 1977), which allows for its
having been chosen as the best (Efron, "Tweedie's formula and selection bias", JASA 2011).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, variance

from rcnn_sweep.sweep.findings.snapshots import TrialSnapshot
from rcnn_sweep.sweep.space import Value

LEVEL = 0.95
GRID, TINY = 200, 1e-18


@dataclass(frozen=True)
class Standing:
    """A point with the values of its complete trials, ``trial`` being the first of them.

    ``estimate`` is of its true value, the mean over all seeds: the mean of ``values`` until any
    point of the study was run again, from then on drawn towards the others; ``interval`` then is
    the 95 % interval.
    """

    trial: TrialSnapshot
    values: tuple[float, ...]
    estimate: float
    interval: tuple[float, float] | None = None

    @property
    def is_confirmed(self) -> bool:
        """Say whether the point was run again."""
        return len(self.values) > 1


def standings(trials: Iterable[TrialSnapshot], direction: str) -> list[Standing]:
    """Give the points of the complete ``trials``, the best estimate first, earlier ones of equals.

    A trial that took over another's result is no point of its own.
    """
    points: dict[int, list[TrialSnapshot]] = {}
    for trial in trials:
        if trial.state == "complete" and trial.duplicate_of is None:
            first = trial.number if trial.confirms is None else trial.confirms
            points.setdefault(first, []).append(trial)
    sign = 1 if direction == "maximize" else -1
    found = []
    for first, runs in points.items():
        if runs[0].number == first:
            values = tuple(float(trial.values[0]) for trial in runs)
            found.append(Standing(runs[0], values, fmean(values)))
    if any(point.is_confirmed for point in found):
        found = _estimated(found, sign)
    return sorted(found, key=lambda s: (-sign * s.estimate, s.trial.number))


def _estimated(points: Sequence[Standing], sign: int) -> list[Standing]:
    """Estimate the true values of points some of which were run again.

    They are taken as normal about the median of the single values, as wide as the better half of
    those is: points that learn nothing say nothing of the ones at the top. How wide that is without
    the luck is uncertain, so estimates are averaged over it, with a uniform prior on the standard
    deviation (Gelman, "Prior distributions for variance parameters", Bayesian Analysis 2006).
    What lies below the median was not chosen for its value, and need not be of the others' kind
    (a baseline far below all that a search tries): its mean stands as it is.
    """
    import numpy as np  # half a second with SciPy, which a sweep without repeats need not wait for
    from scipy import stats

    single = sign * np.array([point.values[0] for point in points])
    means = sign * np.array([fmean(point.values) for point in points])
    runs = np.array([len(point.values) for point in points])
    freedom = int((runs - 1).sum())
    again = [point.values for point in points if point.is_confirmed]
    luck = sum((len(values) - 1) * variance(values) for values in again) / freedom
    centre = float(np.median(single))
    above = (single - centre)[single >= centre]
    squares = float((above**2).sum())
    widths = np.linspace(0, 3, GRID)[:, None] * (squares / len(above)) ** 0.5
    total = widths**2 + luck + TINY
    fit = -len(above) / 2 * np.log(total) - squares / (2 * total)
    likely = np.exp(fit - fit.max())
    likely /= likely.sum()
    kept = widths**2 / (widths**2 + luck / runs + TINY)  # (widths, points)
    kept = np.where(means < centre, 1.0, kept)
    centred = kept * (means - centre)
    estimates = (likely * centred).sum(axis=0)
    spread = (likely * (kept * luck / runs + (centred - estimates) ** 2)).sum(axis=0)
    halves = stats.t.ppf((1 + LEVEL) / 2, freedom) * np.sqrt(spread)
    return [
        replace(point, estimate=middle, interval=(middle - half, middle + half))
        for point, middle, half in zip(
            points, (sign * (centre + estimates)).tolist(), halves.tolist(), strict=True
        )
    ]


def to_confirm(
    trials: Sequence[TrialSnapshot],
    direction: str,
    most: int,
    baseline: Mapping[str, Value] | None,
) -> TrialSnapshot | None:
    """Give the first trial of the point to be run again: of the best ``most`` and the baseline.

    It is the one with the fewest runs, those under way included, and the best of equals. None
    where no trial is complete.
    """
    ranked = standings(trials, direction)
    kept = [*ranked[:most], *(s for s in ranked[most:] if s.trial.params == baseline)]
    busy = [trial.confirms for trial in trials if trial.state == "running"]
    fewest = min(kept, key=lambda s: len(s.values) + busy.count(s.trial.number), default=None)
    return None if fewest is None else fewest.trial
