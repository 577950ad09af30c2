"""The evidence as text: a table, and sentences that say plainly what it shows."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from rcnn_sweep.evidence.evidence import (
    NONE,
    Arm,
    Comparison,
    Evidence,
    Judged,
    simultaneous_level,
)
from rcnn_sweep.evidence.statistics import Interval

METRIC_NAMES = {"accuracy": "test accuracy", "f1_macro": "test macro-F1"}


def in_words(evidence: Evidence) -> Evidence:
    """Add to the numbers the sentences that say what they show."""
    told = tuple(replace(one, sentence=about(one, evidence)) for one in evidence.comparisons)
    return replace(evidence, comparisons=told, sentence=sentence(evidence))


def points(value: float) -> str:
    """Give a fraction's difference in points: .0123 is +1.23."""
    return f"{100 * value:+.2f}"


def bounds(interval: Interval) -> str:
    """Give an interval in points."""
    return f"{points(interval[0])} to {points(interval[1])}"


def as_text(evidence: Evidence) -> str:
    """Give the table, then the sentences."""
    return "\n".join([*table(evidence), "", *details(evidence), "", evidence.sentence])


def table(evidence: Evidence) -> Iterator[str]:
    """Give a line for each config: test metrics, and the difference with its interval."""
    level = f"{100 * simultaneous_level(len(evidence.comparisons)):.4g}%"
    yield (
        f"{'':12}{'runs':>5}{'accuracy':>18}{'macro-F1':>18}  "
        f"{METRIC_NAMES[evidence.asked.judged_by]} - baseline ({level} interval)"
    )
    yield _row(evidence.baseline, None, evidence)
    for judged, comparison in zip(evidence.arms[1:], evidence.comparisons, strict=True):
        yield _row(judged, comparison, evidence)


def _row(judged: Judged, comparison: Comparison | None, evidence: Evidence) -> str:
    scores = "".join(
        f"{_mean(own.mean, own.std):>18}"
        for own in (judged.scores["accuracy"], judged.scores["f1_macro"])
    )
    runs = f"{len(judged.runs)}/{len(evidence.asked.seeds)}"
    row = f"{judged.arm.name:12}{runs:>5}{scores}"
    if comparison is None:
        return row
    judged_by = comparison.judged
    if judged_by is None:
        return f"{row}  {NONE}"
    return f"{row}  {points(judged_by.mean)} ({bounds(judged_by.simultaneous)})"


def _mean(mean: float, std: float) -> str:
    return f"{mean:.4f} +- {std:.4f}"


def trained_for(arms: Iterable[Arm]) -> str:
    """Say for how many epochs arms are retrained where a trial has decided it; else nothing."""
    told = [f"{arm.name} {arm.epochs}" for arm in arms if arm.epochs is not None]
    if not told:
        return ""
    return f"Epochs, as the trial's validation split decided them: {', '.join(told)}."


def details(evidence: Evidence) -> Iterator[str]:
    """Give a sentence for each candidate, and others about epochs and runs that are missing."""
    if lengths := trained_for(judged.arm for judged in evidence.arms):
        yield lengths
    for comparison in evidence.comparisons:
        yield comparison.sentence
    missing = sum(len(arm.missing) for arm in evidence.arms)
    if missing:
        yield f"{missing} run(s) are missing: they failed. The pairs they belong to do not count."


def about(comparison: Comparison, evidence: Evidence) -> str:
    """Say what the evidence shows of one candidate."""
    difference = comparison.judged
    name = f"{comparison.arm.name} ({_changes(comparison)})"
    if difference is None or comparison.mcnemar_p_holm is None:
        return f"{name}: no verdict; expected 2 complete pairs of runs or more."
    metric = METRIC_NAMES[evidence.asked.judged_by]
    return (
        f"{name}: {TOLD[comparison.verdict]} {points(difference.mean)} points of {metric} over "
        f"{len(comparison.seeds)} seeds and {evidence.test_texts:,} texts; paired t test over "
        f"seeds p = {difference.p_holm:.2g}, McNemar p = {comparison.mcnemar_p_holm:.2g}"
        f"{_corrected(evidence)}.{_survival(comparison)}"
    )


TOLD = {
    "better": "better than the baseline,",
    "worse": "worse than the baseline,",
    "no evidence of a difference": "no evidence of a difference,",
}


def _corrected(evidence: Evidence) -> str:
    count = len(evidence.comparisons)
    return f" (corrected for {count} candidates)" if count > 1 else ""


def _changes(comparison: Comparison) -> str:
    items = comparison.arm.changes.items()
    return " ".join(f"{key}={value}" for key, value in items) or "the same config"


def _survival(comparison: Comparison) -> str:
    gain, test = comparison.validation_gain, comparison.test_gain
    if gain is None or test is None:
        return ""
    has_share = comparison.share is not None and comparison.share > 0
    share = f" ({comparison.share:.0%})" if has_share else ""
    return f" Of {points(gain)} points on validation, {points(test)} are left on test{share}."


def sentence(evidence: Evidence) -> str:
    """Say in one sentence what the refit found."""
    found = {comparison.verdict for comparison in evidence.comparisons}
    names = {
        verdict: ", ".join(c.arm.name for c in evidence.comparisons if c.verdict == verdict)
        for verdict in found
    }
    if "better" in found:
        return f"Better than the baseline: {names['better']}."
    if found == {NONE}:
        return "No verdict: too few runs are complete."
    if "no evidence of a difference" in found:
        return "No evidence that any candidate is better than the baseline."
    return f"Worse than the baseline: {names['worse']}."
