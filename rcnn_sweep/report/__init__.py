"""Reports: from what both stores hold to one HTML page, complete in itself.

``*_facts`` and ``find_refit`` read, ``*_html`` turn what was read into a page, ``write_page`` puts
it into a file. Nothing here trains or records.
"""

from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy

if TYPE_CHECKING:
    from rcnn_sweep.report.comparison import runs_html, studies_html
    from rcnn_sweep.report.confusion import Confusion
    from rcnn_sweep.report.facts import NOT_RECORDED, StudyFacts, study_facts
    from rcnn_sweep.report.note import study_note
    from rcnn_sweep.report.page import write_page
    from rcnn_sweep.report.reference import (
        Absent,
        Known,
        References,
        Split,
        as_recorded,
        recorded_references,
    )
    from rcnn_sweep.report.refit import find_refit
    from rcnn_sweep.report.runs import run_facts
    from rcnn_sweep.report.study_page import study_html

__all__ = [
    "NOT_RECORDED",
    "Absent",
    "Confusion",
    "Known",
    "References",
    "Split",
    "StudyFacts",
    "as_recorded",
    "find_refit",
    "recorded_references",
    "run_facts",
    "runs_html",
    "studies_html",
    "study_facts",
    "study_html",
    "study_note",
    "write_page",
]

if not TYPE_CHECKING:
    __getattr__ = lazy(__name__)
