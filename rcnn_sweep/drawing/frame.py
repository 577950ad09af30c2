"""A plot's frame: a drawing with two scales, and their marks."""

from dataclasses import dataclass

from rcnn_sweep.drawing.canvas import Drawing
from rcnn_sweep.drawing.scales import Scale


@dataclass(frozen=True)
class Frame:
    """Where the plot lies inside its drawing, in the drawing's units."""

    drawing: Drawing
    x: Scale
    y: Scale

    def axes(self, x_name: str, y_name: str, *, x_marks: int = 6, y_marks: int = 5) -> None:
        """Draw light lines at the marks of ``y``, the marks of ``x``, and both names."""
        left, right, bottom, top = self.x.start, self.x.end, self.y.start, self.y.end
        for place, label in self.y.ticks(y_marks):
            self.drawing.line(left, place, right, place, "grid")
            self.drawing.text(left - 7, place + 4, label, "mark", anchor="end")
        self.drawing.line(left, bottom, right, bottom, "axis")
        for place, label in self.x.ticks(x_marks):
            self.drawing.line(place, bottom, place, bottom + 4, "axis")
            self.drawing.text(place, bottom + 17, label, "mark", anchor="middle")
        self.drawing.text((left + right) / 2, bottom + 36, x_name, "name", anchor="middle")
        self.drawing.text(left - 36 if left > 36 else 0, top - 12, y_name, "name")
