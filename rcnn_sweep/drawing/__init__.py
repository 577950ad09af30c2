"""Drawings: shapes on a canvas, scales, one style; as SVG inside a page, as a page, as PNG.

>>> picture = Drawing(90, 20, title="Two values", description="1 and 3 on a scale to 4.")
>>> x = scale_of([0, 4], 10, 80)
>>> for value in (1, 3):
...     picture.circle(x(value), 10, 4, "best", tip=str(value))
>>> str(picture.markup())[:31]
'<svg viewBox="0 0 90 20" width='
"""

from rcnn_sweep.drawing.canvas import Drawing
from rcnn_sweep.drawing.curves import Curve, Line, learning_curves
from rcnn_sweep.drawing.frame import Frame
from rcnn_sweep.drawing.ranking import RankingCurves, precision_recall_diagram, roc_diagram
from rcnn_sweep.drawing.reliability import Reliability, reliability_diagram
from rcnn_sweep.drawing.scales import Scale, main_range, scale_of
from rcnn_sweep.drawing.sheet import sheet_of
from rcnn_sweep.drawing.style import SHADES, palette_css, shapes_css

__all__ = [
    "SHADES",
    "Curve",
    "Drawing",
    "Frame",
    "Line",
    "RankingCurves",
    "Reliability",
    "Scale",
    "learning_curves",
    "main_range",
    "palette_css",
    "precision_recall_diagram",
    "reliability_diagram",
    "roc_diagram",
    "scale_of",
    "shapes_css",
    "sheet_of",
]
