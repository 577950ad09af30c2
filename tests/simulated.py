"""Simulated refits: texts of different difficulty, seeds of different luck."""

import numpy as np
from numpy.typing import NDArray

from rcnn_sweep.evidence import Arm
from rcnn_sweep.evidence.comparison import Measured, Predicted
from rcnn_sweep.evidence.evidence import Asked

LABELS = ("bad", "good")


def arm(name: str, trial: int, **validation: float) -> Arm:
    return Arm(name, trial, {"conv.filters": trial}, validation)


def asked(seeds: int, judged_by: str = "accuracy") -> Asked:
    runs = ("study", "study-run", "refit-run", "sha")
    return Asked(*runs, LABELS, tuple(range(seeds)), judged_by)


def measured(one: Arm, rows: NDArray[np.int64]) -> Measured:
    runs = {seed: Predicted(f"{one.name}-{seed}", row) for seed, row in enumerate(rows)}
    return Measured(one, runs)


def predictions(
    rng: np.random.Generator,
    truth: NDArray[np.int64],
    ease: NDArray[np.float64],
    seeds: int,
    gain: float,
    luck: float,
) -> NDArray[np.int64]:
    """Class ids ``(seeds, n)``: right where ease, the config's gain, the seed's luck and noise
    add up to more than zero (standard deviations of the noise)."""
    lucks = rng.normal(0, luck, (seeds, 1))
    right = ease + gain + lucks + rng.normal(0, 1, (seeds, len(truth))) > 0
    return np.where(right, truth, 1 - truth)


def refit(
    rng: np.random.Generator,
    gains: tuple[float, ...],
    *,
    seeds: int = 5,
    texts: int = 400,
    luck: float = 0.1,
) -> tuple[NDArray[np.int64], list[Measured]]:
    """The truth and the baseline (gain 0) followed by a candidate for each of ``gains``."""
    truth = rng.integers(0, 2, texts)
    ease = rng.normal(1.2, 1.5, texts)
    rows = [predictions(rng, truth, ease, seeds, gain, luck) for gain in (0.0, *gains)]
    names = ["baseline", *(f"trial {place}" for place in range(1, len(rows)))]
    return truth, [measured(arm(n, p), r) for p, (n, r) in enumerate(zip(names, rows, strict=True))]
