"""What a refit found: arms, comparisons, and the rule by which they are judged."""

from collections.abc import Mapping
from dataclasses import dataclass

from rcnn_sweep.evidence.statistics import LEVEL, RESAMPLES, Difference, McNemar, Scores

BETTER, WORSE, OPEN, NONE = "better", "worse", "no evidence of a difference", "no verdict"
VERDICTS = (BETTER, WORSE, OPEN, NONE)
RULE = (
    "A candidate is better (worse) than the baseline where two things agree on it: the bootstrap "
    "interval of the difference over seeds and test texts, at a level corrected for the number "
    "of candidates, lies above (below) zero; and the paired t test over seeds has p < .05 after "
    "Holm's correction. Otherwise there is no evidence of a difference. Fewer than two complete "
    "pairs of runs give no verdict."
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
    """A candidate against the baseline; without a verdict it has no numbers but the first gain.

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
    mcnemar_p_holm: float | None = None
    test_gain: float | None = None

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
    resamples: int = RESAMPLES


@dataclass(frozen=True)
class Evidence:
    """All that a refit found; ``sentence`` says it, ``rule`` is the one it was judged by.

    ``arms`` begin with the baseline; ``comparisons`` are those of the other arms, in their order.
    """

    asked: Asked
    test_texts: int
    arms: tuple[Judged, ...]
    comparisons: tuple[Comparison, ...]
    sentence: str = ""
    rule: str = RULE

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


def simultaneous_level(candidates: int) -> float:
    """Give the level at which each of several intervals is taken, so that all hold at 95 %."""
    return 1 - (1 - LEVEL) / max(1, candidates)


def verdict(difference: Difference) -> str:
    """Apply :data:`RULE`."""
    low, high = difference.simultaneous
    is_significant = difference.p_holm < 1 - LEVEL
    if is_significant and low > 0 and difference.mean > 0:
        return BETTER
    return WORSE if is_significant and high < 0 and difference.mean < 0 else OPEN
