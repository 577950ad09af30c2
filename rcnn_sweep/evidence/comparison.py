"""From the predictions of a refit's runs to its evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rcnn_sweep.evidence.evidence import (
    Arm,
    Asked,
    Comparison,
    Evidence,
    Judged,
    Run,
    simultaneous_level,
    verdict,
)
from rcnn_sweep.evidence.statistics import (
    LEVEL,
    METRICS,
    Difference,
    Scores,
    bootstrap,
    combined,
    holm,
    mcnemar_of,
    metrics_of,
    paired_t,
    percentiles,
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


def compare(asked: Asked, truth: NDArray[Any], measured: Sequence[Measured]) -> Evidence:
    """Compare every candidate with the baseline, ``measured[0]``, on the pairs that are complete.

    ``truth`` ``(n,)`` are the class ids of the test texts.
    """
    classes = len(asked.labels)
    arms = tuple(_judged(one, truth, classes, asked.seeds) for one in measured)
    level = simultaneous_level(len(measured) - 1)
    compared = [_compared(asked, truth, measured[0], other, level) for other in measured[1:]]
    return in_words(Evidence(asked, len(truth), arms, tuple(_corrected(compared))))


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
    asked: Asked, truth: NDArray[Any], baseline: Measured, other: Measured, level: float
) -> Comparison:
    """Compare one candidate, its p values and verdict still without Holm's correction."""
    seen = [side.arm.validation.get(asked.judged_by) for side in (baseline, other)]
    gain = None if seen[0] is None or seen[1] is None else seen[1] - seen[0]
    pairs = _pairs(baseline, other)
    if pairs is None:
        return Comparison(other.arm, validation_gain=gain, judged_by=asked.judged_by)
    differences = _differences(asked, truth, pairs, level)
    rows = zip(pairs.baseline, pairs.candidate, strict=True)
    tests = tuple(mcnemar_of(truth, *row) for row in rows)
    return Comparison(
        other.arm,
        judged_by=asked.judged_by,
        seeds=pairs.seeds,
        differences=differences,
        mcnemar=tests,
        mcnemar_p=combined([test.p for test in tests]),
        validation_gain=gain,
        test_gain=differences[asked.judged_by].mean,
    )


def _differences(
    asked: Asked, truth: NDArray[Any], pairs: Pairs, level: float
) -> dict[str, Difference]:
    rows, classes = (pairs.baseline, pairs.candidate), len(asked.labels)
    drawn = bootstrap(truth, *rows, classes, resamples=asked.resamples)
    base = metrics_of(truth, pairs.baseline, classes)
    own = metrics_of(truth, pairs.candidate, classes)
    found = {}
    for name in METRICS:
        values = own[name] - base[name]
        p, t_interval = paired_t(values, level)
        found[name] = Difference(
            per_seed=tuple(values.tolist()),
            mean=float(values.mean()),
            std=float(values.std(ddof=1)),
            interval=percentiles(drawn[name], LEVEL),
            simultaneous=percentiles(drawn[name], level),
            t_interval=t_interval,
            p=p,
            p_holm=p,
        )
    return found


def _corrected(compared: Sequence[Comparison]) -> list[Comparison]:
    """Correct the p values for the number of candidates, then apply the rule."""
    with_numbers = [one for one in compared if one.differences is not None]
    t_tests = {
        name: holm([one.differences[name].p for one in with_numbers if one.differences])
        for name in METRICS
    }
    mcnemar = holm([one.mcnemar_p for one in with_numbers if one.mcnemar_p is not None])
    corrected = {
        one.arm.trial: _with_holm(one, {name: t_tests[name][place] for name in METRICS}, p_holm)
        for place, (one, p_holm) in enumerate(zip(with_numbers, mcnemar, strict=True))
    }
    return [corrected.get(one.arm.trial, one) for one in compared]


def _with_holm(one: Comparison, p_holm: Mapping[str, float], mcnemar_p_holm: float) -> Comparison:
    given = one.differences or {}
    differences = {name: replace(own, p_holm=p_holm[name]) for name, own in given.items()}
    found = verdict(differences[one.judged_by])
    return replace(one, differences=differences, mcnemar_p_holm=mcnemar_p_holm, verdict=found)
