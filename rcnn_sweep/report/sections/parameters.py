"""The parameters: which matter, and where the good trials lie."""

from dataclasses import dataclass

from rcnn_sweep.drawing import Drawing
from rcnn_sweep.format import counted
from rcnn_sweep.report.facts import StudyFacts
from rcnn_sweep.sweep import FEWEST, draw_importance, draw_parallel, draw_slices


@dataclass(frozen=True)
class Parameters:
    """``importance_told`` is the caption, or why there is no importance; ``metric`` is sliced.

    ``left_out`` says which trials are not drawn.
    """

    importance: Drawing | None
    importance_told: str
    parallel: Drawing | None
    slices: tuple[Drawing, ...]
    metric: str
    left_out: str

    @property
    def kinds(self) -> set[str]:
        """The kinds of mark in the slices."""
        return {kind for drawing in self.slices for kind in drawing.kinds}


def parameters_of(facts: StudyFacts) -> Parameters | None:
    """Give the section; None where no parameter varies among the trials with a value."""
    importance = draw_importance(facts.importance)
    found = Parameters(
        importance=importance,
        importance_told=_caption(facts)
        if importance
        else f"The importance of the parameters needs {FEWEST} complete trials that differ.",
        parallel=draw_parallel(facts.excerpt),
        slices=tuple(draw_slices(facts.excerpt)),
        metric=facts.study.metrics[0],
        left_out=facts.left_out,
    )
    return found if found.slices or found.importance or found.parallel else None


def _caption(facts: StudyFacts) -> str:
    complete = sum(trial.state == "complete" for trial in facts.study.trials)
    few = " So few trials give a hint at most." if complete < 30 else ""
    return (
        f"How much each parameter matters for {facts.study.metrics[0]} (PED-ANOVA, Watanabe et "
        f"al., IJCAI 2023), from {counted(complete, 'complete trial')}.{few}"
    )
