"""Drawings as SVG inside a page: a canvas, scales, colours from the style sheet."""

from rcnn_sweep.drawing.canvas import Drawing
from rcnn_sweep.drawing.scales import Scale, scale_of

__all__ = [
    "Drawing",
    "Scale",
    "scale_of",
]
