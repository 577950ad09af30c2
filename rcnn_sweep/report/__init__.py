"""Reports: one HTML file each, complete in itself, of a study, of two, or of single runs."""

from rcnn_sweep.report.written import report_study

__all__ = ["report_study"]
