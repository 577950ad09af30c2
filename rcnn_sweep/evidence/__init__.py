"""What a refit shows: statistics of paired runs, the comparison, its document, its text."""

from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy

if TYPE_CHECKING:
    from rcnn_sweep.evidence.comparison import Measured, Predicted, compare
    from rcnn_sweep.evidence.document import NotEvidence, as_json, from_json
    from rcnn_sweep.evidence.evidence import (
        BASELINE,
        BETTER,
        Arm,
        Asked,
        Comparison,
        Evidence,
        Judged,
        Look,
        Run,
        judged_by,
    )
    from rcnn_sweep.evidence.picture import draw_evidence, draw_intervals
    from rcnn_sweep.evidence.statistics import METRICS
    from rcnn_sweep.evidence.text import (
        METRIC_NAMES,
        about_looks,
        as_text,
        percent,
        trained_for,
        what_changed,
    )

__all__ = [
    "BASELINE",
    "BETTER",
    "METRICS",
    "METRIC_NAMES",
    "Arm",
    "Asked",
    "Comparison",
    "Evidence",
    "Judged",
    "Look",
    "Measured",
    "NotEvidence",
    "Predicted",
    "Run",
    "about_looks",
    "as_json",
    "as_text",
    "compare",
    "draw_evidence",
    "draw_intervals",
    "from_json",
    "judged_by",
    "percent",
    "trained_for",
    "what_changed",
]

if not TYPE_CHECKING:
    __getattr__ = lazy(__name__)
