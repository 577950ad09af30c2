"""What a study found, in plain sentences and a few big numbers."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from rcnn_sweep.format import counted, duration, joined, metric, plain, share, signed
from rcnn_sweep.report.facts import StudyFacts
from rcnn_sweep.report.reference import Absent, Known
from rcnn_sweep.sweep import StudySnapshot, TrialSnapshot

STATES = ("complete", "pruned", "failed", "interrupted", "withdrawn", "running", "waiting")


@dataclass(frozen=True)
class Figure:
    """A number to be set large, with its name above and a note below."""

    name: str
    value: str
    note: str
    kind: str = ""


@dataclass(frozen=True)
class Pruning:
    """Epochs (reported steps) run and those of every trial at full length."""

    pruned: int
    ended: int
    run: int
    full: int
    seconds_a_step: float

    @property
    def saved(self) -> float:
        """The share of the epochs that was not spent."""
        return 1 - self.run / self.full if self.full else 0.0


def states(study: StudySnapshot) -> dict[str, int]:
    """Count the slots by the state of their last trial, in the order of :data:`STATES`."""
    last: dict[object, TrialSnapshot] = {}
    for trial in study.trials:
        last[("trial", trial.number) if trial.slot is None else trial.slot] = trial
    counts = Counter(trial.state for trial in last.values())
    return {state: counts[state] for state in STATES if counts[state]}


def pruning_of(study: StudySnapshot) -> Pruning:
    """Count what pruning saved, as the sweep's closing lines do."""
    ended = [
        t for t in study.trials if t.duplicate_of is None and t.state in ("complete", "pruned")
    ]
    whole = [t for t in ended if t.state == "complete" and t.steps]
    rates = [t.seconds / len(t.steps) for t in whole if t.seconds is not None]
    return Pruning(
        pruned=sum(t.state == "pruned" for t in ended),
        ended=len(ended),
        run=sum(len(t.steps) for t in ended),
        full=max((len(t.steps) for t in whole), default=0) * len(ended),
        seconds_a_step=median(rates) if rates else 0.0,
    )


def gain_of(study: StudySnapshot) -> float | None:
    """Give by how much the best trial betters the baseline in the study's direction."""
    if len(study.directions) > 1 or not study.best or study.baseline is None:
        return None
    difference = study.best[0].values[0] - study.baseline.values[0]
    return difference if study.directions[0] == "maximize" else -difference


def figures(facts: StudyFacts, reference: Known | Absent) -> list[Figure]:
    """Give the big numbers of the page's head."""
    study, counts = facts.study, states(facts.study)
    found = [*_results(facts)]
    if isinstance(reference, Known):
        note = f"TF-IDF and logistic regression, {duration(reference.seconds)}"
        found.append(Figure("reference val_accuracy", metric(reference.accuracy), note))
    told = ", ".join(f"{count} {state}" for state, count in counts.items())
    found.append(Figure("trials", f"{sum(counts.values())}", told or "none yet"))
    saving = pruning_of(study)
    if saving.pruned:
        note = f"{saving.run} of {saving.full} epochs run"
        found.append(Figure("saved by pruning", share(saving.saved), note))
    return found


def _results(facts: StudyFacts) -> list[Figure]:
    study = facts.study
    if len(study.directions) > 1:
        note = f"trials that none betters in {joined(list(study.metrics))}"
        return [Figure("on the Pareto front", str(len(study.best)), note, "best")]
    found = []
    if facts.best is not None:
        gain = gain_of(study)
        note = f"trial {facts.best.number}"
        note += "" if not gain else f", {signed(gain)} on the baseline"
        name = f"best {study.metrics[0]}"
        found.append(Figure(name, metric(facts.best.values[0]), note, "best"))
    if study.baseline is not None:
        note = f"trial {study.baseline.number}, the composed config"
        name = f"baseline {study.metrics[0]}"
        found.append(Figure(name, metric(study.baseline.values[0]), note, "baseline"))
    return found


def sentences(facts: StudyFacts) -> list[str]:
    """Give the summary."""
    told = [_progress(facts.study), *_outcome(facts), *_caution(facts)]
    return [sentence for sentence in told if sentence]


def _progress(study: StudySnapshot) -> str:
    counts = states(study)
    still = [counted(counts[s], f"trial {s}", f"trials {s}") for s in STATES[5:] if s in counts]
    done = [f"{count} {state}" for state, count in counts.items() if state in STATES[:5]]
    spent = sum(t.seconds or 0 for t in study.trials if t.duplicate_of is None)
    if not counts:
        return "The study has no trials yet."
    if still:
        ended = f"so far {joined(done)}" if done else "none has ended yet"
        return f"The study is still under way, with {joined(still)}; {ended}."
    if len(counts) == 1 and not still:
        [(state, count)] = counts.items()
        verbs = {"failed": "failed", "complete": f"{'are' if count > 1 else 'is'} complete"}
        word = verbs.get(state, f"{'were' if count > 1 else 'was'} {state}")
        alike = f"All {count} trials" if count > 1 else "The only trial"
        return f"{alike} {word}, after {duration(spent)} of computing."
    return f"All {sum(counts.values())} trials have ended: {joined(done)}. They took " + (
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
        return [f"Nothing beat the baseline: the best is {value}, the composed config itself."]
    gain = gain_of(study) or 0.0
    return [
        f"The best is {value}. The baseline, trial {study.baseline.number}, has "
        f"{metric(study.baseline.values[0])}: a gain of {signed(gain)}{_texts(facts, gain)}."
    ]


def _texts(facts: StudyFacts, gain: float) -> str:
    detail = facts.details.get(facts.best.number) if facts.best else None
    if detail is None or detail.confusion is None or facts.study.metrics != ("val_accuracy",):
        return ""
    total = detail.confusion.total
    return f", or {round(gain * total):,} of {total:,} validation texts"


def _caution(facts: StudyFacts) -> list[str]:
    """Say how much of the gain chance could have made."""
    study = facts.study
    pair = [facts.details.get(t.number) for t in (facts.best, study.baseline) if t is not None]
    known = [d.confusion for d in pair if d is not None and d.confusion is not None]
    if len(known) < 2 or study.metrics != ("val_accuracy",) or facts.best == study.baseline:
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


def pruning_sentences(study: StudySnapshot) -> list[str]:
    """Say what pruning saved."""
    saving = pruning_of(study)
    if not saving.pruned:
        return ["No trial was stopped early."]
    told = (
        f"{saving.pruned} of {saving.ended} trials were stopped early, as their course fell "
        f"behind: {saving.run} of {saving.full} epochs were run, and {share(saving.saved)} of "
        "the work was not done."
    )
    if not saving.full:
        told = f"{counted(saving.pruned, 'trial was', 'trials were')} stopped early."
    if saving.seconds_a_step and saving.full:
        seconds = (saving.full - saving.run) * saving.seconds_a_step
        told += (
            f" At the complete trials' median of {duration(saving.seconds_a_step)} an epoch that "
            f"is about {duration(seconds)} of computing."
        )
    return [told]


def subtitle(facts: StudyFacts) -> str:
    """Give data and date in a line."""
    data: Mapping[str, object] = facts.data
    starts = [t.started for t in facts.study.trials if t.started is not None]
    parts = [f"{facts.study.directions[0]} {facts.study.metrics[0]}"]
    if len(facts.study.metrics) > 1:
        pairs = zip(facts.study.directions, facts.study.metrics, strict=True)
        parts = [", ".join(f"{direction} {name}" for direction, name in pairs)]
    if data.get("name"):
        parts.append(f"data {plain(data['name'])}")
    if starts:
        parts.append(f"started {min(starts):%-d %B %Y, %H:%M}")
    return " · ".join(parts)
