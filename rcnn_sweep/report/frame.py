"""A plot's frame: a drawing with two scales, their marks, and the marks of trials."""

from collections.abc import Sequence
from dataclasses import dataclass

from rcnn_sweep.drawing import Drawing, Scale
from rcnn_sweep.format import metric, plain
from rcnn_sweep.sweep import StudySnapshot, TrialSnapshot

POINT = 4.0


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


def mark(drawing: Drawing, x: float, y: float, trial: TrialSnapshot, study: StudySnapshot) -> None:
    """Draw a trial: best a diamond, baseline a square, complete a dot, pruned a ring."""
    tip = tip_of(trial, study)
    if trial in study.best:
        drawing.diamond(x, y, POINT + 3, "best", tip=tip)
    elif trial == study.baseline:
        drawing.square(x, y, POINT + 0.5, "baseline", tip=tip)
    elif trial.state == "complete":
        drawing.circle(x, y, POINT, "complete", tip=tip)
    elif trial.state == "pruned":
        drawing.circle(x, y, POINT - 0.5, "pruned", tip=tip)
    else:
        drawing.cross(x, y, POINT, "failed", tip=tip)


def tip_of(trial: TrialSnapshot, study: StudySnapshot) -> str:
    """Give a trial in one line."""
    values = shown_values(study.metrics, trial.values)
    params = ", ".join(f"{key}={plain(value)}" for key, value in trial.params.items())
    return f"trial {trial.number} ({trial.state}): {values} {params}".replace("  ", " ")


def shown_values(metrics: Sequence[str], values: Sequence[float]) -> str:
    """Give ``val_accuracy 0.8831`` for each objective."""
    return ", ".join(f"{name} {metric(v)}" for name, v in zip(metrics, values, strict=False))
