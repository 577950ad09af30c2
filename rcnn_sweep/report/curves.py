"""Learning curves of several runs in one picture: accuracy and loss beside each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from rcnn_sweep.report.drawing import Drawing
from rcnn_sweep.report.facts import Curve, StudyFacts
from rcnn_sweep.report.frame import Frame
from rcnn_sweep.report.scales import Scale, scale_of
from rcnn_sweep.report.words import metric

PANELS = ("accuracy", "loss")


@dataclass(frozen=True)
class Line:
    """One run in the picture: ``kind`` is the CSS class of its colour, ``label`` ends the line."""

    name: str
    label: str
    kind: str
    curves: Mapping[str, Curve]


def trial_lines(facts: StudyFacts) -> list[Line]:
    """Give the lines of the best trials and of the baseline.

    A trial without a run (of another app) has the values that it reported to the study.
    """
    study, lines = facts.study, []
    others = iter(range(2, 9))
    for trial in facts.shown:
        detail = facts.details.get(trial.number)
        own = {study.metrics[0]: list(trial.steps.items())} if trial.steps else {}
        is_best, is_baseline = trial in study.best[:1], trial == study.baseline
        role = ", best" * is_best + ", baseline" * is_baseline
        kind = "c1" if is_best else "c0" if is_baseline else f"c{next(others)}"
        curves = detail.curves if detail else own
        lines.append(Line(f"trial {trial.number}{role}", str(trial.number), kind, curves))
    return [line for line in lines if line.curves]


def learning_curves(lines: Sequence[Line], *, training_of: Sequence[str] = ()) -> Markup | None:
    """Draw validation curves, and dashed the training curves of the lines named.

    Other metrics than accuracy and loss (of another app) fill one panel. None without a curve.
    """
    known = list(dict.fromkeys(name for line in lines for name in line.curves))
    if not known:
        return None
    panels = [f"val_{name}" for name in PANELS if f"val_{name}" in known] or known[:1]
    drawing = Drawing(
        *(720, 312),
        title="Learning curves",
        description="; ".join(_told(line, panels) for line in lines),
    )
    width = (720 - 88 * len(panels)) / len(panels)
    for place, name in enumerate(panels):
        left = 62 + place * (width + 88)
        _panel(drawing, lines, name, set(training_of), left, left + width)
    return drawing.markup()


def _told(line: Line, panels: Sequence[str]) -> str:
    ends = [f"{n} {metric(line.curves[n][-1][1])}" for n in panels if line.curves.get(n)]
    return f"{line.name} ends at {', '.join(ends)}"


def _panel(
    drawing: Drawing,
    lines: Sequence[Line],
    name: str,
    training: set[str],
    left: float,
    right: float,
) -> None:
    drawn = [(line, "", line.curves[name]) for line in lines if line.curves.get(name)]
    other = name.replace("val_", "train_")
    if other != name:
        dashed = [line for line in lines if line.name in training and line.curves.get(other)]
        drawn = [*((line, " training", line.curves[other]) for line in dashed), *drawn]
    points = [point for _, _, curve in drawn for point in curve]
    steps = [step for step, _ in points]
    x = Scale(min(steps), max(steps), left, right)
    frame = Frame(drawing, x, scale_of([value for _, value in points], 258, 30, pad=0.06))
    frame.axes("epoch", name.replace("val_", ""), x_marks=min(max(steps), 8))
    ends = {line.label: frame.y(curve[-1][1]) for line, suffix, curve in drawn if not suffix}
    for label, place in apart(ends, 11.0).items():
        drawing.text(right + 8, place + 4, label, "mark")
    for line, suffix, curve in reversed(drawn):
        places = [(x(step), frame.y(value)) for step, value in curve]
        tip = f"{line.name}{suffix}: {', '.join(metric(value) for _, value in curve)}"
        drawing.path(places, f"curve {line.kind}{suffix}", tip=tip)
        if not suffix:
            for at in places:
                drawing.circle(*at, 2.6, f"dot {line.kind}", tip=tip)


def apart(places: Mapping[str, float], least: float) -> dict[str, float]:
    """Move labels down until each is at least ``least`` below the one before it.

    >>> apart({"a": 10.0, "b": 12.0}, 5)
    {'a': 10.0, 'b': 15.0}
    """
    moved: dict[str, float] = {}
    lowest = float("-inf")
    for label, place in sorted(places.items(), key=lambda item: item[1]):
        lowest = max(place, lowest + least)
        moved[label] = lowest
    return moved
