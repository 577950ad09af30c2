"""What the page is about: the study's name, its data and date, and a few big numbers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rcnn_sweep.format import bounds, counted, duration, joined, metric, plain, share, signed
from rcnn_sweep.report.facts import StudyFacts
from rcnn_sweep.report.reference import References
from rcnn_sweep.report.refit import Refit
from rcnn_sweep.sweep import StudySnapshot, TrialSnapshot, counts, gain, pruning, standing_of


@dataclass(frozen=True)
class Figure:
    """A number to be set large, with its name above and a note below."""

    name: str
    value: str
    note: str
    kind: str = ""


@dataclass(frozen=True)
class Head:
    """The head of the page."""

    name: str
    subtitle: str
    figures: tuple[Figure, ...]


def head_of(facts: StudyFacts) -> Head:
    """Give the head; every study has one."""
    return Head(facts.study.name, _subtitle(facts), tuple(_figures(facts)))


def _figures(facts: StudyFacts) -> list[Figure]:
    study, reference = facts.study, facts.validation
    found_states = counts(study.trials, study.waiting)
    found = [*_results(facts), *_on_test(facts.refit)]
    if isinstance(reference, References):
        bar = reference.bar
        note = f"{bar.title}, {duration(bar.seconds)}"
        found.append(Figure("reference val_accuracy", metric(bar.accuracy), note))
    told = ", ".join(f"{count} {state}" for state, count in found_states.items())
    found.append(Figure("trials", f"{sum(found_states.values())}", told or "none yet"))
    saving = pruning(study.trials)
    if saving.run < saving.full:
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
        better = gain(study)
        note = f"trial {facts.best.number}"
        note += "" if not better else f", {signed(better)} on the baseline"
        found.append(_result("best", study, facts.best, note))
    if study.baseline is not None:
        note = f"trial {study.baseline.number}, the composed config"
        found.append(_result("baseline", study, study.baseline, note))
    return found


def _result(role: str, study: StudySnapshot, trial: TrialSnapshot, note: str) -> Figure:
    """Give a trial's value; where its point was run again, the estimate of its true one."""
    name = f"{role} {study.metrics[0]}"
    if (again := standing_of(study, trial)) is not None:
        return Figure(f"{name}, estimated", metric(again.estimate), note, role)
    return Figure(name, metric(trial.values[0]), note, role)


def _on_test(refit: Refit | None) -> Iterator[Figure]:
    """Give what a refit found of its best candidate, beside what the search had found."""
    leader = None if refit is None else refit.evidence.leader
    if refit is None or leader is None:
        return
    evidence = refit.evidence
    against = evidence.comparison(leader)
    if against is None or against.judged is None:
        return
    span = bounds(against.judged.interval)
    note = f"{against.verdict}; 95 %: {span}, {against.arm.name}, " + (
        counted(len(evidence.asked.seeds), "seed")
    )
    yield Figure(f"gain in test {evidence.asked.judged_by}", signed(against.judged.mean), note)


def _subtitle(facts: StudyFacts) -> str:
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
