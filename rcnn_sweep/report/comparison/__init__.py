"""Two studies, or single runs, beside each other."""

from rcnn_sweep.report.comparison.runs import runs_html
from rcnn_sweep.report.comparison.studies import studies_html

__all__ = ["runs_html", "studies_html"]
