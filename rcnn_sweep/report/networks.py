"""The two networks that a study's sections on predictions show beside each other."""

from rcnn_sweep.report.facts import StudyFacts
from rcnn_sweep.report.runs import RunFacts


def networks_of(facts: StudyFacts) -> tuple[dict[str, RunFacts], str]:
    """Give the baseline's run and the best one's, and the split that they were judged on."""
    if facts.refit is not None:
        best = "champion" if facts.refit.is_better else "best candidate"
        both = {"baseline": facts.refit.baseline, best: facts.refit.leader}
        found = {f"{n}, one seed": run for n, run in both.items() if run is not None}
        if found:
            return found, "test"
    trials = {"baseline": facts.study.baseline, "best trial": facts.best}
    named = {
        f"{name}, trial {trial.number}": facts.details[trial.number]
        for name, trial in trials.items()
        if trial is not None
        and trial.number in facts.details
        and not (name == "best trial" and trial == facts.study.baseline)
    }
    return named, "validation"


def kind_of(name: str) -> str:
    """Give a network's colour by its name: the baseline has its own, whoever else is shown."""
    return "c0" if name.startswith("baseline") else "c1"
