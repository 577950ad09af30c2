"""From the predictions of a refit's runs to its evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rcnn_sweep.evidence.evidence import (
    Arm,
    Asked,
    Comparison,
    Evidence,
    Judged,
    Look,
    Run,
    claim_level,
    looked,
    verdict,
)
from rcnn_sweep.evidence.statistics import (
    LEVEL,
    METRICS,
    Difference,
    Scores,
    combined,
    errors_of,
    influences,
    mcnemar_of,
    metrics_of,
)
from rcnn_sweep.evidence.text import in_words


@dataclass(frozen=True)
class Predicted:
    """One complete run: the class ids it predicted, ``(n,)``, in the order of the test texts."""

    run_id: str
    predicted: NDArray[np.int64]


@dataclass(frozen=True)
class Measured:
    """A config of the comparison with its complete runs by seed."""

    arm: Arm
    runs: Mapping[int, Predicted]


def compare(
    asked: Asked,
    truth: NDArray[Any],
    measured: Sequence[Measured],
    *,
    references: Sequence[Measured] = (),
    before: Sequence[Look] = (),
) -> Evidence:
    """Compare every candidate with the baseline, ``measured[0]``, on the pairs that are complete.

    ``truth`` ``(n,)`` are the class ids of the test texts. Two questions more have levels of their
    own: each candidate is compared with those behind it, and every arm with each of the plain
    ``references``. These are trained without a seed and have the same predictions for each, so the
    differences of the pairs vary with the network's seeds alone, and with the texts. ``before`` are
    the earlier looks.
    """
    classes = len(asked.labels)
    arms, plain = (
        tuple(_judged(one, truth, classes, asked.seeds) for one in group)
        for group in (measured, references)
    )
    pairs = [(measured[0], other) for other in measured[1:]]
    candidates = tuple(other.arm.trial for _, other in pairs)
    counted = sum(len(base.runs.keys() & other.runs.keys()) for base, other in pairs)
    looks, look = looked(before, Look(len(asked.seeds), candidates, counted))
    rivals = [(behind, ahead) for ahead, behind in combinations(measured[1:], 2)]
    found = Evidence(
        asked,
        len(truth),
        arms,
        _all_compared(asked, truth, pairs, look),
        references=plain,
        measured=_all_compared(
            asked, truth, [(base, arm) for base in references for arm in measured], look
        ),
        rivals=_all_compared(asked, truth, rivals, look),
        level=claim_level(len(pairs), look),
        looks=looks,
        look=look,
    )
    return in_words(found)


def _all_compared(
    asked: Asked, truth: NDArray[Any], pairs: Sequence[tuple[Measured, Measured]], look: int
) -> tuple[Comparison, ...]:
    """Compare the second of each pair with the first; all claims hold together."""
    return tuple(_compared(asked, truth, *pair, (len(pairs), look)) for pair in pairs)


@dataclass(frozen=True)
class Pairs:
    """Predictions of the seeds that both have: class ids ``(seeds, n)``."""

    seeds: tuple[int, ...]
    baseline: NDArray[np.int64]
    candidate: NDArray[np.int64]


def _pairs(baseline: Measured, other: Measured) -> Pairs | None:
    seeds = tuple(sorted(baseline.runs.keys() & other.runs.keys()))
    if len(seeds) < 2:
        return None
    rows = [np.stack([side.runs[seed].predicted for seed in seeds]) for side in (baseline, other)]
    return Pairs(seeds, rows[0], rows[1])


def _judged(one: Measured, truth: NDArray[Any], classes: int, seeds: Sequence[int]) -> Judged:
    runs = [
        Run(seed, run.run_id, _floats(metrics_of(truth, run.predicted[None], classes)))
        for seed, run in sorted(one.runs.items())
    ]
    scores = {name: Scores(tuple(run.metrics[name] for run in runs)) for name in METRICS}
    missing = tuple(seed for seed in seeds if seed not in one.runs)
    return Judged(one.arm, tuple(runs), missing, scores)


def _floats(metrics: Mapping[str, NDArray[np.float64]]) -> dict[str, float]:
    return {name: float(values[0]) for name, values in metrics.items()}


def _compared(
    asked: Asked,
    truth: NDArray[Any],
    baseline: Measured,
    other: Measured,
    among: tuple[int, int],
) -> Comparison:
    """Compare two, which is one of ``among[0]`` comparisons at the look ``among[1]``."""
    seen = [side.arm.validation.get(asked.judged_by) for side in (baseline, other)]
    gain = None if seen[0] is None or seen[1] is None else seen[1] - seen[0]
    told = Comparison(
        other.arm, validation_gain=gain, judged_by=asked.judged_by, against=baseline.arm.name
    )
    pairs = _pairs(baseline, other)
    if pairs is None:
        return told
    differences = _differences(asked, truth, pairs, among)
    rows = zip(pairs.baseline, pairs.candidate, strict=True)
    tests = tuple(mcnemar_of(truth, *row) for row in rows)
    p = combined([test.p for test in tests])
    return replace(
        told,
        seeds=pairs.seeds,
        verdict=verdict(differences[asked.judged_by]),
        differences=differences,
        mcnemar=tests,
        mcnemar_p=p,
        mcnemar_p_corrected=min(1.0, among[0] * p),
        test_gain=differences[asked.judged_by].mean,
    )


def _differences(
    asked: Asked, truth: NDArray[Any], pairs: Pairs, among: tuple[int, int]
) -> dict[str, Difference]:
    classes, (count, look) = len(asked.labels), among
    base, own = (metrics_of(truth, rows, classes) for rows in (pairs.baseline, pairs.candidate))
    moved = [influences(truth, rows, classes) for rows in (pairs.baseline, pairs.candidate)]
    level, next_level = claim_level(count, look), claim_level(count, look + 1)
    found = {}
    for name in METRICS:
        values = own[name] - base[name]
        mean = float(values.mean())
        errors = errors_of(values, moved[1][name] - moved[0][name])
        p = errors.p(mean)
        found[name] = Difference(
            per_seed=tuple(values.tolist()),
            mean=mean,
            std=float(values.std(ddof=1)),
            interval=errors.interval(mean, LEVEL),
            simultaneous=errors.interval(mean, level),
            p=p,
            p_corrected=min(1.0, count * p),
            errors=errors,
            smallest=errors.smallest(level),
            seeds_needed=errors.seeds_for(mean, next_level),
        )
    return found
