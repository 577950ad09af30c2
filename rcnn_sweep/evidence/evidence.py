"""What a refit found: arms, comparisons, and the rule by which they are judged."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rcnn_sweep.evidence.statistics import LEVEL, Difference, McNemar, Scores

BASELINE = "baseline"
BETTER, WORSE, OPEN, NONE = "better", "worse", "no evidence of a difference", "no verdict"
VERDICTS = (BETTER, WORSE, OPEN, NONE)
RULE = (
    "A candidate is better (worse) than the baseline where the interval of the difference lies "
    "above (below) zero. The interval is made of two errors, added by squares: that of the seeds "
    "with Student's quantile, that of the test texts with the normal one. Its level is "
    "1 - alpha / candidates, so that all claims of a look hold together. Of the 5 % that may err, "
    "the k-th look at a refit (with more seeds or other candidates) spends alpha = "
    "5 % * 6 / (pi^2 k^2), which adds up to 5 % over all looks. Otherwise there is no evidence of "
    "a difference. Fewer than two complete pairs of runs give no verdict. The candidates "
    "among each other and the plain references are questions of their own, judged alike."
)


@dataclass(frozen=True)
class Arm:
    """One config of the comparison, the baseline or a candidate.

    ``changes`` are the values in which it differs from the baseline. ``validation`` holds the
    validation metrics that the sweep saw (accuracy, f1_macro), empty where the trial never
    completed. ``epochs`` is for how many it is retrained, where the trial's validation split has
    decided that, else None.
    """

    name: str
    trial: int
    changes: Mapping[str, object]
    validation: Mapping[str, float]
    epochs: int | None = None


@dataclass(frozen=True)
class Run:
    """One complete run: its seed, its MLflow run and its test metrics."""

    seed: int
    run_id: str
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Judged:
    """An arm's complete runs by seed, the seeds without one, and the scores of each metric."""

    arm: Arm
    runs: tuple[Run, ...]
    missing: tuple[int, ...]
    scores: Mapping[str, Scores]


@dataclass(frozen=True)
class Comparison:
    """An arm against another; without a verdict it has no numbers but the first gain.

    ``against`` names the other: the baseline or another candidate for a candidate, a plain
    reference for any network.
    ``seeds`` are those of the complete pairs. Gains are in the metric ``judged_by``. ``sentence``
    says what the evidence shows of it.
    """

    arm: Arm
    validation_gain: float | None
    judged_by: str = "accuracy"
    sentence: str = ""
    seeds: tuple[int, ...] = ()
    verdict: str = NONE
    differences: Mapping[str, Difference] | None = None
    mcnemar: tuple[McNemar, ...] = ()
    mcnemar_p: float | None = None
    mcnemar_p_corrected: float | None = None
    test_gain: float | None = None
    against: str = BASELINE

    @property
    def judged(self) -> Difference | None:
        """Give the difference that the verdict rests on."""
        return None if self.differences is None else self.differences[self.judged_by]

    @property
    def share(self) -> float | None:
        """Give how much of the validation gain is left on test; None where it means nothing."""
        if self.validation_gain is None or self.test_gain is None or self.validation_gain <= 0:
            return None
        return self.test_gain / self.validation_gain


@dataclass(frozen=True)
class Asked:
    """What the comparison is about; goes into the evidence as it is."""

    study: str
    study_run: str
    refit_run: str
    data_sha256: str
    labels: tuple[str, ...]
    seeds: tuple[int, ...]
    judged_by: str


@dataclass(frozen=True)
class Look:
    """One time that a refit's evidence was looked at: with how many seeds, of which candidates.

    ``pairs`` counts the complete pairs of runs that were compared.
    """

    seeds: int
    candidates: tuple[int, ...]
    pairs: int


@dataclass(frozen=True)
class Evidence:
    """All that a refit found; ``sentence`` says it, ``rule`` is the one it was judged by.

    ``arms`` begin with the baseline; ``comparisons`` are those of the other arms, in their order.
    ``rivals`` compare each candidate with every one behind it in that order. ``references`` are
    plain classifiers judged on the same texts, and ``measured`` compares every arm with every
    reference. ``level`` is that of the intervals which the candidates' verdicts go
    by. ``looks`` are all that were taken at this refit, in their order, and
    ``look`` the number of this one, from 1.
    """

    asked: Asked
    test_texts: int
    arms: tuple[Judged, ...]
    comparisons: tuple[Comparison, ...]
    sentence: str = ""
    rule: str = RULE
    references: tuple[Judged, ...] = ()
    measured: tuple[Comparison, ...] = ()
    rivals: tuple[Comparison, ...] = ()
    level: float = LEVEL
    looks: tuple[Look, ...] = ()
    look: int = 1

    @property
    def questions(self) -> tuple[tuple[Comparison, ...], ...]:
        """Give all comparisons, by question; the claims of one hold together."""
        return self.comparisons, self.rivals, self.measured

    @property
    def baseline(self) -> Judged:
        """Give the baseline's results."""
        return self.arms[0]

    @property
    def leader(self) -> Judged | None:
        """Give the candidate with the best mean, better than the baseline or not."""
        judged_by = self.asked.judged_by
        ran = [arm for arm in self.arms[1:] if arm.runs]
        return max(ran, key=lambda arm: arm.scores[judged_by].mean, default=None)

    def comparison(self, judged: Judged) -> Comparison | None:
        """Give the comparison of an arm with the baseline, None for the baseline itself."""
        return next((one for one in self.comparisons if one.arm == judged.arm), None)


def judged_by(objective: str) -> str:
    """Give the test metric that decides: macro-F1 for a sweep that sought it, else accuracy."""
    return "f1_macro" if objective == "val_f1_macro" else "accuracy"


def looked(before: Sequence[Look], now: Look) -> tuple[tuple[Look, ...], int]:
    """Give all looks and the number of this one, from 1; the same again is no new look."""
    looks = tuple(before) if now in before else (*before, now)
    return looks, looks.index(now) + 1


def alpha_of(look: int) -> float:
    """Give what the look ``look``, from 1, may err; over any number of them it adds up to 5 %."""
    return (1 - LEVEL) * 6 / (math.pi * look) ** 2


def claim_level(comparisons: int, look: int) -> float:
    """Give the level at which each of several intervals is taken, so that all hold together."""
    return 1 - alpha_of(look) / max(1, comparisons)


def verdict(difference: Difference) -> str:
    """Apply :data:`RULE`."""
    low, high = difference.simultaneous
    return BETTER if low > 0 else WORSE if high < 0 else OPEN
