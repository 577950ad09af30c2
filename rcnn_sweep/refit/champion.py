"""Which model becomes the registered champion, and what the registry says of it."""

from collections.abc import Iterator, Mapping

from rcnn_sweep.evidence import (
    BETTER,
    METRIC_NAMES,
    Comparison,
    Evidence,
    Judged,
    Run,
    what_changed,
)
from rcnn_sweep.format import capital
from rcnn_sweep.names import Tag, test_score
from rcnn_sweep.tracking import CHAMPION, FORMER, MODEL, Registry, Version


def champion_lines(
    evidence: Evidence, digest: str, registry: Registry, *, force: bool
) -> Iterator[str]:
    """Register the winner, where there is one, and say what was done.

    ``digest`` names the evidence. Without a candidate that is better nothing is registered,
    unless ``force`` is set: then it is the candidate with the largest difference.
    """
    known, champion = registry.tagged(Tag.EVIDENCE, digest), registry.champion()
    winner = winner_of(evidence)
    chosen = winner or (leader_of(evidence) if force else None)
    if known is not None:
        yield from _again(known, champion, registry)
    elif chosen is None:
        yield from _unchanged(evidence, champion)
    elif registry.logged_model(typical_run(evidence, chosen).run_id) is None:
        yield f"{chosen.arm.name} cannot be registered: its runs logged no model (no word index)."
    elif champion is not None and not force and _holds_more(champion, evidence, chosen):
        yield (
            f"{MODEL} version {champion.number}, of another study, stays the champion: its test "
            "metric on the same data is higher. --force registers the candidate all the same."
        )
    else:
        yield from _registered(evidence, chosen, digest, registry, champion)


def winner_of(evidence: Evidence) -> Comparison | None:
    """Give the candidate that is better by the most; None where none is better.

    All verdicts hold together (they are corrected for their number), so any may be chosen.
    """
    return _largest([one for one in evidence.comparisons if one.verdict == BETTER])


def leader_of(evidence: Evidence) -> Comparison | None:
    """Give the candidate with the largest difference, whatever the verdict."""
    return _largest(list(evidence.comparisons))


def _largest(candidates: list[Comparison]) -> Comparison | None:
    gains = [(one.test_gain, one) for one in candidates if one.test_gain is not None]
    return max(gains, key=lambda gain: gain[0])[1] if gains else None


def typical_run(evidence: Evidence, chosen: Comparison) -> Run:
    """Give the candidate's run with the median test metric (the lower of two).

    The best one would be chosen by looking at test, and look better than it is.
    """
    metric = evidence.asked.judged_by
    runs = sorted(judged_of(evidence, chosen).runs, key=lambda run: (run.metrics[metric], run.seed))
    return runs[(len(runs) - 1) // 2]


def judged_of(evidence: Evidence, chosen: Comparison) -> Judged:
    """Give the results of the arm that ``chosen`` compares."""
    return next(judged for judged in evidence.arms if judged.arm.trial == chosen.arm.trial)


def _again(known: Version, champion: Version | None, registry: Registry) -> Iterator[str]:
    """Take up what an earlier command registered, finishing what it may have left undone."""
    if champion is None or champion.number < known.number:
        registry.crown(known)
        champion = known
    place = "the champion" if champion.number == known.number else "no longer the champion"
    yield f"This evidence is registered already: {MODEL} version {known.number}, {place}."


def _unchanged(evidence: Evidence, champion: Version | None) -> Iterator[str]:
    leader = leader_of(evidence)
    stays = f"The champion stays version {champion.number}. " if champion else ""
    how = f"--force registers {leader.arm.name} all the same." if leader else ""
    yield f"No model is registered: no candidate is better. {stays}{how}".strip()


def _holds_more(champion: Version, evidence: Evidence, chosen: Comparison) -> bool:
    """Say whether another study's champion has the higher metric on the same data."""
    asked, tags = evidence.asked, champion.tags
    if tags.get(Tag.DATA_SHA256) != asked.data_sha256 or tags.get(Tag.STUDY) == asked.study:
        return False
    name = test_score(asked.judged_by)
    return float(tags.get(name, "-inf")) > judged_of(evidence, chosen).scores[asked.judged_by].mean


def _registered(
    evidence: Evidence,
    chosen: Comparison,
    digest: str,
    registry: Registry,
    former: Version | None,
) -> Iterator[str]:
    run = typical_run(evidence, chosen)
    told = f"{what_changed(chosen.arm)} {capital(chosen.sentence)}"
    version = registry.register(run.run_id, version_tags(evidence, chosen, digest), told)
    registry.crown(version)
    forced = "" if chosen.verdict == BETTER else " (forced: the evidence does not support it)"
    yield (
        f"Champion{forced}: {chosen.arm.name}, registered as {MODEL} version {version.number}, "
        f"{CHAMPION}: its run with seed {run.seed}, which has the median "
        f"{METRIC_NAMES[evidence.asked.judged_by]} of its "
        f"{len(judged_of(evidence, chosen).runs)} runs."
    )
    if former is not None:
        yield f"The champion before, version {former.number}, is now {MODEL}@{FORMER}."


def version_tags(evidence: Evidence, chosen: Comparison, digest: str) -> Mapping[str, str]:
    """Give the version's tags: the evidence in numbers, and where it lies."""
    asked, difference = evidence.asked, chosen.judged
    if difference is None:
        raise ValueError("a candidate without complete pairs cannot be the champion")
    judged = judged_of(evidence, chosen)
    low, high = difference.simultaneous
    return {
        Tag.EVIDENCE: digest,
        Tag.STUDY: asked.study,
        Tag.DATA_SHA256: asked.data_sha256,
        Tag.REFIT_RUN: asked.refit_run,
        Tag.CANDIDATE: chosen.arm.name,
        Tag.SEED: str(typical_run(evidence, chosen).seed),
        Tag.VERDICT: chosen.verdict,
        Tag.FORCED: str(chosen.verdict != BETTER).lower(),
        Tag.JUDGED_BY: asked.judged_by,
        Tag.DIFFERENCE: f"{difference.mean:.6f}",
        Tag.INTERVAL: f"{low:.6f} to {high:.6f}",
        Tag.P: f"{difference.p_corrected:.6g}",
        **{test_score(name): f"{own.mean:.6f}" for name, own in judged.scores.items()},
    }
