"""The search: its course over the trials, its front, and how the best trials learned."""

from dataclasses import dataclass

from rcnn_sweep.drawing import Drawing, Line, learning_curves
from rcnn_sweep.format import counted
from rcnn_sweep.report.facts import StudyFacts
from rcnn_sweep.sweep import draw_front, draw_history


@dataclass(frozen=True)
class Search:
    """What there is to be drawn; ``lines`` are those of the learning curves."""

    history: Drawing | None
    front: Drawing | None
    curves: Drawing | None
    lines: tuple[Line, ...]
    curves_caption: str


def search_of(facts: StudyFacts) -> Search | None:
    """Give the section; None where no trial came to a value."""
    lines = tuple(_trial_lines(facts))
    found = Search(
        history=draw_history(facts.study),
        front=draw_front(facts.study),
        curves=learning_curves(lines),
        lines=lines,
        curves_caption=(
            f"Learning curves of {counted(len(lines), 'trial')}: the best ones and the baseline, "
            "above on the validation split, below on the training split. The number at a line's "
            "end is its trial."
        ),
    )
    return found if found.history or found.front or found.curves else None


def _trial_lines(facts: StudyFacts) -> list[Line]:
    """Give the lines of the best trials and of the baseline.

    A trial without a run (of another app) has the values that it reported to the study.
    """
    study, lines = facts.study, []
    others = iter(range(2, 9))
    for trial in facts.shown:
        detail = facts.details.get(trial.number)
        own = {study.metrics[0]: list(trial.steps.items())} if trial.steps else {}
        is_best, is_baseline = trial in study.best[:1], trial == study.baseline
        role = ", best" * is_best + ", baseline" * is_baseline
        kind = "c1" if is_best else "c0" if is_baseline else f"c{next(others)}"
        curves = detail.curves if detail else own
        key = str(trial.number)
        lines.append(Line(f"trial {key}{role}", key, kind, curves, key))
    return [line for line in lines if line.curves]
