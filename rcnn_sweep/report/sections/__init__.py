"""The sections of a study's page, in their order.

Each is a module with one function, from the study's facts to what its partial template shows
(``templates/sections/NAME.html``, where the values are called ``section``) or to None where the
study has nothing of the kind. Another section is another module, its partial and its line here.
"""

from collections.abc import Callable
from dataclasses import dataclass

from rcnn_sweep.report.facts import StudyFacts
from rcnn_sweep.report.sections.calibration import calibration_of
from rcnn_sweep.report.sections.confusion import matrices_of
from rcnn_sweep.report.sections.failures import failures_of
from rcnn_sweep.report.sections.head import head_of
from rcnn_sweep.report.sections.parameters import parameters_of
from rcnn_sweep.report.sections.provenance import provenance_of
from rcnn_sweep.report.sections.pruning import saving_of
from rcnn_sweep.report.sections.ranking import ranking_of
from rcnn_sweep.report.sections.reference import reference_of
from rcnn_sweep.report.sections.search import search_of
from rcnn_sweep.report.sections.summary import summary_of
from rcnn_sweep.report.sections.test_split import test_of
from rcnn_sweep.report.sections.trials import trials_of


@dataclass(frozen=True)
class Section:
    """A part of the page: the name of its partial, and the function that gives its values."""

    name: str
    values: Callable[[StudyFacts], object | None]


SECTIONS = (
    Section("head", head_of),
    Section("summary", summary_of),
    Section("test_split", test_of),
    Section("reference", reference_of),
    Section("search", search_of),
    Section("parameters", parameters_of),
    Section("confusion", matrices_of),
    Section("ranking", ranking_of),
    Section("calibration", calibration_of),
    Section("pruning", saving_of),
    Section("trials", trials_of),
    Section("failures", failures_of),
    Section("provenance", provenance_of),
)

__all__ = ["SECTIONS", "head_of", "summary_of"]
