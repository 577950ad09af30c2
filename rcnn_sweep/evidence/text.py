"""The evidence as text: a table, and sentences that say plainly what it shows."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from rcnn_sweep.evidence.evidence import (
    BASELINE,
    BETTER,
    NONE,
    OPEN,
    WORSE,
    Arm,
    Comparison,
    Evidence,
    Judged,
    alpha_of,
    claim_level,
)
from rcnn_sweep.evidence.statistics import MOST_SEEDS, Difference, Interval
from rcnn_sweep.format import capital, joined, plain

METRIC_NAMES = {"accuracy": "test accuracy", "f1_macro": "test macro-F1"}


def in_words(evidence: Evidence) -> Evidence:
    """Add to the numbers the sentences that say what they show."""
    told, rivals, measured = (
        tuple(replace(one, sentence=about(one, evidence, len(group))) for one in group)
        for group in evidence.questions
    )
    found = replace(evidence, comparisons=told, rivals=rivals, measured=measured)
    return replace(found, sentence=sentence(found))


def points(value: float) -> str:
    """Give a fraction's difference in points: .0123 is +1.23."""
    return f"{100 * value:+.2f}"


def bounds(interval: Interval) -> str:
    """Give an interval in points."""
    return f"{points(interval[0])} to {points(interval[1])}"


def as_text(evidence: Evidence) -> str:
    """Give the table, the sentences, and a table of the comparisons with others."""
    parts = (table(evidence), details(evidence), others(evidence), (evidence.sentence,))
    return "\n\n".join("\n".join(part) for part in map(tuple, parts) if part)


def table(evidence: Evidence) -> Iterator[str]:
    """Give a line for each config: test metrics, and the difference with its interval."""
    judged = [*evidence.arms, *evidence.references]
    width = max(12, *(len(one.arm.name) + 1 for one in judged))
    yield (
        f"{'':{width}}{'runs':>5}{'accuracy':>18}{'macro-F1':>18}  "
        f"{METRIC_NAMES[evidence.asked.judged_by]} - baseline ({percent(evidence.level)} interval)"
    )
    for one in judged:
        runs = f"{len(one.runs)}/{len(evidence.asked.seeds)}" if one in evidence.arms else ""
        yield f"{one.arm.name:{width}}{runs:>5}{_scores(one)}{_against(one, evidence)}".rstrip()


def others(evidence: Evidence) -> Iterator[str]:
    """Give a line for each comparison with another candidate or a plain reference."""
    names = [_pair(one) for group in _further(evidence).values() for one in group]
    width = 2 + max(map(len, [*names, *_further(evidence)]), default=0)
    metric, claim = METRIC_NAMES[evidence.asked.judged_by], alpha_of(evidence.look)
    for title, group in _further(evidence).items():
        level = percent(claim_level(len(group), evidence.look))
        yield f"{title:{width}}{metric} ({level} interval), p (a claim: < {claim:.2g})"
        for one in group:
            yield f"{_pair(one):{width}}{_difference(one)}"


def _further(evidence: Evidence) -> dict[str, tuple[Comparison, ...]]:
    """Give the questions besides that of the baseline, as far as there are comparisons."""
    asked = {
        "among each other": evidence.rivals,
        "against the plain references": evidence.measured,
    }
    return {title: group for title, group in asked.items() if group}


def _pair(one: Comparison) -> str:
    return f"{one.arm.name} - {one.against}"


def _difference(one: Comparison) -> str:
    own = one.judged
    if own is None:
        return NONE
    told = f"{points(own.mean)} ({bounds(own.simultaneous)}), p = {own.p_corrected:.2g}"
    return f"{told}: {one.verdict}"


def percent(level: float) -> str:
    """Give a level as text.

    >>> percent(0.95), percent(0.969604)
    ('95 %', '96.96 %')
    """
    return f"{100 * level:.4g} %"


def _scores(judged: Judged) -> str:
    both = (judged.scores["accuracy"], judged.scores["f1_macro"])
    return "".join(f"{_mean(own.mean, own.std):>18}" for own in both)


def _against(judged: Judged, evidence: Evidence) -> str:
    comparison = evidence.comparison(judged)
    if comparison is None:
        return ""
    own = comparison.judged
    return f"  {NONE}" if own is None else f"  {points(own.mean)} ({bounds(own.simultaneous)})"


def _mean(mean: float, std: float) -> str:
    return f"{mean:.4f} +- {std:.4f}"


def trained_for(arms: Iterable[Arm]) -> str:
    """Say for how many epochs arms are retrained where a trial has decided it; else nothing."""
    told = [f"{arm.name} {arm.epochs}" for arm in arms if arm.epochs is not None]
    if not told:
        return ""
    return f"Epochs, as the trial's validation split decided them: {', '.join(told)}."


def details(evidence: Evidence) -> Iterator[str]:
    """Say what each candidate is, then a sentence for each comparison, each on a line.

    Others are about looks, epochs and missing runs.
    """
    for comparison in evidence.comparisons:
        yield what_changed(comparison.arm)
    if lengths := trained_for(judged.arm for judged in evidence.arms):
        yield lengths
    for comparison in evidence.comparisons:
        yield comparison.sentence
    if told := about_looks(evidence):
        yield told
    missing = sum(len(arm.missing) for arm in evidence.arms)
    if missing:
        yield f"{missing} run(s) are missing: they failed. The pairs they belong to do not count."


def about(comparison: Comparison, evidence: Evidence, count: int) -> str:
    """Say what the evidence shows of one comparison, which is one of ``count``."""
    difference = comparison.judged
    name = comparison.arm.name
    if comparison.against != BASELINE:
        name = f"{name} against {comparison.against}"
    if difference is None or comparison.mcnemar_p_corrected is None:
        return f"{name}: no verdict; expected 2 complete pairs of runs or more."
    metric, level = METRIC_NAMES[evidence.asked.judged_by], claim_level(count, evidence.look)
    return (
        f"{name}: {_told(comparison)} {points(difference.mean)} points of {metric} over "
        f"{len(comparison.seeds)} seeds and {evidence.test_texts:,} texts, {percent(level)} "
        f"interval {bounds(difference.simultaneous)}; p = {difference.p_corrected:.2g} (a claim "
        f"takes less than {alpha_of(evidence.look):.2g}), McNemar "
        f"p = {comparison.mcnemar_p_corrected:.2g}"
        f"{f' (corrected for {count} comparisons)' if count > 1 else ''}."
        f"{_power(comparison, difference)}{_survival(comparison)}"
    )


def _told(comparison: Comparison) -> str:
    against = f"the {BASELINE}" if comparison.against == BASELINE else comparison.against
    told = {BETTER: f"better than {against},", WORSE: f"worse than {against},"}
    return told.get(comparison.verdict, f"{comparison.verdict},")


def _power(comparison: Comparison, own: Difference) -> str:
    """Say, where no difference is claimed, which one could have been."""
    if own.smallest is None or comparison.verdict != OPEN:
        return ""
    told = (
        f" The smallest difference that this refit could have seen (with a power of 80 %) is "
        f"{100 * own.smallest:.2f} points"
    )
    if own.mean == 0:
        return f"{told}."
    if own.seeds_needed is None:
        return f"{told}; for the one seen not even {MOST_SEEDS:,} seeds would be enough."
    return f"{told}; for the one seen, as the next look, about {own.seeds_needed} seeds would do."


def about_looks(evidence: Evidence) -> str:
    """Say how often this refit was looked at; nothing at its first look."""
    if evidence.look == 1:
        return ""
    seeds = ", ".join(str(look.seeds) for look in evidence.looks[: evidence.look])
    return (
        f"This is look {evidence.look} at this refit (seeds: {seeds}). Each look spends a part of "
        f"the 5 % that may err, this one {100 * alpha_of(evidence.look):.2g} %: its claims hold "
        "however often it is looked at."
    )


def what_changed(arm: Arm) -> str:
    """Say in what a candidate differs from the baseline."""
    if not arm.changes:
        return f"{arm.name} has the {BASELINE}'s config."
    changes = " ".join(f"{key}={plain(value)}" for key, value in arm.changes.items())
    return f"{arm.name} differs from the {BASELINE} in {changes}."


def _survival(comparison: Comparison) -> str:
    gain, test = comparison.validation_gain, comparison.test_gain
    if gain is None or test is None:
        return ""
    has_share = comparison.share is not None and comparison.share > 0
    share = f" ({comparison.share:.0%})" if has_share else ""
    return f" Of {points(gain)} points on validation, {points(test)} are left on test{share}."


def sentence(evidence: Evidence) -> str:
    """Say in some sentences what the refit found."""
    told = {title: _standing(group) for title, group in _further(evidence).items()}
    further = [f"{capital(title)}: {told[title]}." for title in told if told[title]]
    return " ".join([_found(evidence), *further])


def _found(evidence: Evidence) -> str:
    found = {comparison.verdict for comparison in evidence.comparisons}
    names = {
        verdict: ", ".join(c.arm.name for c in evidence.comparisons if c.verdict == verdict)
        for verdict in found
    }
    if BETTER in found:
        return f"Better than the baseline: {names[BETTER]}."
    if found == {NONE}:
        return "No verdict: too few runs are complete."
    if OPEN in found:
        return "No evidence that any candidate is better than the baseline."
    return f"Worse than the baseline: {names[WORSE]}."


def _standing(comparisons: Iterable[Comparison]) -> str:
    """Say how networks stand to others, those that stand alike together."""
    words = {BETTER: "better than", WORSE: "worse than", OPEN: "not visibly different from"}
    alike: dict[tuple[str, str], list[str]] = {}
    for one in comparisons:
        if one.verdict in words:
            alike.setdefault((one.verdict, one.against), []).append(one.arm.name)
    return "; ".join(
        f"{joined(names)} {'is' if len(names) == 1 else 'are'} {words[verdict]} {against}"
        for (verdict, against), names in alike.items()
    )
