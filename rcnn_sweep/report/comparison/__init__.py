"""Two studies, or single runs, beside each other."""

from rcnn_sweep.report.comparison.runs import runs_page
from rcnn_sweep.report.comparison.studies import studies_page

__all__ = ["runs_page", "studies_page"]
