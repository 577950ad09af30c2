"""In short: what the study found, in plain sentences, and what its best trial changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rcnn_sweep.evidence import Evidence
from rcnn_sweep.format import bounds, capital, counted, duration, joined, metric, signed
from rcnn_sweep.process import CommandLine, typable
from rcnn_sweep.report.facts import StudyFacts
from rcnn_sweep.report.sections.reference import in_short
from rcnn_sweep.report.tables import Row, param, row, text
from rcnn_sweep.sweep import STATES, Standing, StudySnapshot, command_of, counts, gain, standing_of


@dataclass(frozen=True)
class Summary:
    """``changes`` are the parameters of baseline and best; ``command`` runs the best once."""

    sentences: tuple[str, ...]
    head: tuple[str, ...]
    changes: tuple[Row, ...]
    command: str


def summary_of(facts: StudyFacts) -> Summary:
    """Give the section; every study has one."""
    return Summary(
        tuple(filter(None, [*_sentences(facts), in_short(facts)])),
        ("parameter", "baseline", _role(facts), "searched"),
        tuple(_changes(facts)),
        _best_command(facts),
    )


def _sentences(facts: StudyFacts) -> list[str]:
    judged = [] if facts.refit is None else [on_test(facts.refit.evidence)]
    told = [_progress(facts.study), *judged, *_outcome(facts), *_caution(facts)]
    return [sentence for sentence in told if sentence]


def _progress(study: StudySnapshot) -> str:
    found = counts(study.trials, study.waiting)
    still = [counted(found[s], f"trial {s}", f"trials {s}") for s in STATES[5:] if s in found]
    done = [f"{count} {state}" for state, count in found.items() if state in STATES[:5]]
    spent = sum(t.seconds or 0 for t in study.trials if t.duplicate_of is None)
    if not found:
        return "The study has no trials yet."
    if still:
        so_far = f"so far {joined(done)}" if done else "none has ended yet"
        return f"The study is still under way, with {joined(still)}; {so_far}."
    if len(found) == 1 and not still:
        [(state, count)] = found.items()
        verbs = {"failed": "failed", "complete": f"{'are' if count > 1 else 'is'} complete"}
        word = verbs.get(state, f"{'were' if count > 1 else 'was'} {state}")
        alike = f"All {count} trials" if count > 1 else "The only trial"
        return f"{alike} {word}, after {duration(spent)} of computing."
    return f"All {sum(found.values())} trials have ended: {joined(done)}. They took " + (
        f"{duration(spent)} of computing."
    )


def _outcome(facts: StudyFacts) -> list[str]:
    study, best = facts.study, facts.best
    if best is None:
        return ["No trial is complete, so there is no best one."]
    if len(study.directions) > 1:
        return [
            f"{counted(len(study.best), 'trial is', 'trials are')} on the Pareto front of "
            f"{joined(list(study.metrics))}: no other trial is at least as good in all of them "
            "and better in one."
        ]
    value = f"trial {best.number} with a {study.metrics[0]} of {metric(best.values[0])}"
    if study.baseline is None:
        return [f"The best is {value}. The baseline itself is not among the complete trials."]
    if best == study.baseline:
        is_open = {"waiting", "running"} & counts(study.trials, study.waiting).keys()
        nothing = "Nothing has beaten the baseline yet" if is_open else "Nothing beat the baseline"
        return [f"{nothing}: the best is {value}, the composed config itself."]
    better = gain(study) or 0.0
    again, its = standing_of(study, best), standing_of(study, study.baseline)
    if again is not None and its is not None:
        return [
            f"The best is {value}. Run again {_times(again)} with other seeds, and allowing for "
            f"its having been chosen, its true value is estimated at {_estimate(again)}; "
            f"the baseline's, run again {_times(its)}, at {_estimate(its)}: a gain of "
            f"{signed(better)}{_texts(facts, better)}."
        ]
    return [
        f"The best is {value}. The baseline, trial {study.baseline.number}, has "
        f"{metric(study.baseline.values[0])}: a gain of {signed(better)}{_texts(facts, better)}."
    ]


def _times(again: Standing) -> str:
    return counted(len(again.values) - 1, "time")


def _estimate(again: Standing) -> str:
    low, high = again.interval or (again.estimate, again.estimate)
    return f"{metric(again.estimate)} (95 %: {metric(low)} to {metric(high)})"


def _texts(facts: StudyFacts, gain: float) -> str:
    detail = facts.details.get(facts.best.number) if facts.best else None
    if detail is None or detail.confusion is None or facts.study.metrics != ("val_accuracy",):
        return ""
    total = detail.confusion.total
    return f", or {round(gain * total):,} of {total:,} validation texts"


def _caution(facts: StudyFacts) -> list[str]:
    """Say how much of the gain chance could have made, unless a refit has answered that."""
    study = facts.study
    pair = [facts.details.get(t.number) for t in (facts.best, study.baseline) if t is not None]
    known = [d.confusion for d in pair if d is not None and d.confusion is not None]
    if (
        facts.refit is not None
        or len(known) < 2
        or study.metrics != ("val_accuracy",)
        or facts.best == study.baseline
    ):
        return []
    (low, high), (base_low, base_high) = (confusion.interval for confusion in known)
    overlap = low <= base_high
    judged = sum(trial.state in ("complete", "pruned") for trial in study.trials)
    verdict = "They overlap, and" if overlap else "They do not overlap, but"
    return [
        f"On so many texts the 95 % interval of the best accuracy is {metric(low)} to "
        f"{metric(high)}, of the baseline's {metric(base_low)} to {metric(base_high)}. {verdict} "
        f"the best of {judged} trials was chosen on these very texts, one seed each. "
        "Take the gain as a lead to be tested, not as a result."
    ]


def on_test(evidence: Evidence) -> str:
    """Say in a sentence or two what a refit found on the test split."""
    leader = evidence.leader
    found = None if leader is None else evidence.comparison(leader)
    told = f"On the test split, over {counted(len(evidence.asked.seeds), 'seed')}: " + (
        f"{evidence.sentence[:1].lower()}{evidence.sentence[1:]}"
    )
    if found is None or found.judged is None:
        return told
    return f"{told} {capital(found.arm.name)} differs from the baseline by " + (
        f"{signed(found.judged.mean)} in test {evidence.asked.judged_by} on average, 95 % interval "
        f"{bounds(found.judged.interval)}."
    )


def _changes(facts: StudyFacts) -> list[Row]:
    study, best, baseline = facts.study, facts.best, facts.study.baseline
    space: Mapping[str, Any] = study.record.get("space", {})
    if best is None:
        return []
    keys = dict.fromkeys([*space, *best.params])
    rows = []
    for key in keys:
        values = [trial.params.get(key, "") if trial else "" for trial in (baseline, best)]
        is_new = values[0] != values[1]
        cells = [text(key), param(values[0]), param(values[1]), text(space.get(key, ""))]
        rows.append(row(cells, "best" if is_new and baseline is not None else ""))
    return rows


def _role(facts: StudyFacts) -> str:
    return "best" if len(facts.study.directions) == 1 else "first of the front"


def _best_command(facts: StudyFacts) -> str:
    study = facts.study
    if facts.best is None or facts.best == study.baseline:
        return ""
    if not study.is_search or not study.command or facts.parent is None:
        return ""
    return typable(command_of(CommandLine.parsed(study.command), facts.best.params))
