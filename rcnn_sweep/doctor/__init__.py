"""Look at the surroundings of a run and say what to do about each finding.

Nothing is created, nothing heavy imported, and no finding depends on another: whatever is broken,
the rest is still examined.
"""

from rcnn_sweep.doctor.examination import examine, report
from rcnn_sweep.doctor.finding import Finding

__all__ = ["Finding", "examine", "report"]
