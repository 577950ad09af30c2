"""The page of one study: its sections below each other."""

from rcnn_sweep.report.facts import StudyFacts
from rcnn_sweep.report.page import page
from rcnn_sweep.report.sections import SECTIONS


def study_html(facts: StudyFacts) -> str:
    """Give the page of a study as HTML."""
    found = [(section.name, section.values(facts)) for section in SECTIONS]
    shown = [(name, values) for name, values in found if values is not None]
    return page("study.html", f"{facts.study.name}: sweep report", {"sections": shown})
