"""What a refit shows: statistics of paired runs, the comparison, its document and its words."""

from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy

if TYPE_CHECKING:
    from rcnn_sweep.evidence.comparison import Measured, Predicted, compare
    from rcnn_sweep.evidence.document import as_json
    from rcnn_sweep.evidence.evidence import (
        BETTER,
        NONE,
        RULE,
        Arm,
        Asked,
        Comparison,
        Evidence,
        Judged,
        Run,
    )
    from rcnn_sweep.evidence.picture import intervals
    from rcnn_sweep.evidence.text import METRIC_NAMES, about, as_text, sentence

__all__ = [
    "BETTER",
    "METRIC_NAMES",
    "NONE",
    "RULE",
    "Arm",
    "Asked",
    "Comparison",
    "Evidence",
    "Judged",
    "Measured",
    "Predicted",
    "Run",
    "about",
    "as_json",
    "as_text",
    "compare",
    "intervals",
    "sentence",
]

__getattr__ = lazy(__name__)
