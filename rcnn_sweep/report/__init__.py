"""Reports: one HTML file each, complete in itself, of a study, of two, or of single runs."""

from rcnn_sweep.report.written import attach_report, report_comparison, report_runs, report_study

__all__ = ["attach_report", "report_comparison", "report_runs", "report_study"]
