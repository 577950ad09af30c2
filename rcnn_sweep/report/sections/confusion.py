"""What is taken for what: confusion matrices of baseline, best trial and reference."""

from dataclasses import dataclass

from rcnn_sweep.report.confusion import Matrix
from rcnn_sweep.report.facts import StudyFacts
from rcnn_sweep.report.reference import References
from rcnn_sweep.report.refit import Refit


@dataclass(frozen=True)
class Matrices:
    """The matrices beside each other."""

    matrices: tuple[Matrix, ...]


def matrices_of(facts: StudyFacts) -> Matrices | None:
    """Give those of a refit on test, else those of the sweep; None where none is recorded."""
    refitted = [] if facts.refit is None else _refitted(facts.refit)
    found = refitted or _searched(facts)
    return Matrices(tuple(found)) if found else None


def _searched(facts: StudyFacts) -> list[Matrix]:
    found = []
    for role, trial in (("Baseline", facts.study.baseline), ("Best trial", facts.best)):
        detail = facts.details.get(trial.number) if trial else None
        if detail is None or detail.confusion is None or trial is None:
            continue
        if role == "Best trial" and trial == facts.study.baseline:
            continue
        note = f"trial {trial.number}, {detail.confusion.total:,} validation texts"
        found.append(Matrix(detail.confusion, role, note))
    bar = facts.validation.bar if isinstance(facts.validation, References) else None
    if found and bar is not None and bar.confusion is not None:
        note = f"{bar.title}, {bar.confusion.total:,} validation texts"
        found.append(Matrix(bar.confusion, "Reference", note))
    return found


def _refitted(refit: Refit) -> list[Matrix]:
    found = []
    best = "Champion" if refit.is_better else "Best candidate"
    for title, detail in (("Baseline", refit.baseline), (best, refit.leader)):
        if detail is not None and detail.confusion is not None:
            seed = detail.run.params.get("training.seed", "0")
            note = f"retrained, seed {seed}, {detail.confusion.total:,} test texts"
            found.append(Matrix(detail.confusion, title, note))
    return found
