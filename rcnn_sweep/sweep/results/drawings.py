"""The drawings of a study: history, slices, parallel coordinates, importance, Pareto front.

Each takes the study as it was read, and is None where the study has nothing of the kind to show.
In all of them the best trial (of several objectives the front) is a diamond, the baseline a
square, another complete trial a dot, a pruned one a ring, a failed one a cross.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rcnn_sweep.drawing import Drawing, Frame, Scale, main_range, scale_of
from rcnn_sweep.format import metric, plain, share
from rcnn_sweep.sweep.findings import StudySnapshot, TrialSnapshot
from rcnn_sweep.sweep.space import Value

WIDTH = 720.0
POINT = 4.0
EDGE = 12.0
"""How far inside the axis a mark stands whose value is beyond it."""
MOST_SLICES = 12
TOLD = 1000
"""Trials of a history whose marks tell their parameters; of more they would make a page heavy."""
SIGNS = ("best", "baseline", "complete", "pruned", "failed")


def with_values(study: StudySnapshot) -> list[TrialSnapshot]:
    """Give the trials that have a finite value, pruned ones with the last they reported."""
    ended = [t for t in study.trials if t.values and t.state in ("complete", "pruned")]
    return [t for t in ended if all(map(math.isfinite, t.values))]


def varied(study: StudySnapshot) -> list[str]:
    """Give the parameters that differ among the trials with a value."""
    seen = with_values(study)
    keys = dict.fromkeys(key for trial in seen for key in trial.params)
    return [k for k in keys if len({plain(t.params.get(k)) for t in seen}) > 1]


def is_log(study: StudySnapshot, key: str) -> bool:
    """Say whether the study searched ``key`` on a logarithmic scale."""
    return "log scale" in str(study.record.get("space", {}).get(key, ""))


def draw_history(study: StudySnapshot) -> Drawing | None:
    """Draw each trial's value by its number and the best so far; None without a value."""
    seen = with_values(study)
    if not seen or len(study.directions) > 1:
        return None
    drawing = Drawing(
        *(WIDTH, 320),
        title="Optimisation history",
        description=f"The {study.metrics[0]} of {len(seen)} trials in order, and the best so far.",
    )
    numbers = [t.number for t in study.trials]
    x = Scale(min(numbers) - 0.5, max(numbers) + 0.5, 62, WIDTH - 12, is_whole=True)
    frame = Frame(drawing, x, _value_scale(study, seen, 268, 28))
    frame.axes("trial", study.metrics[0], x_marks=10)
    drawing.path(_best_so_far(study, frame), "sofar")
    for trial in sorted(seen, key=lambda t: _depth(t, study)):
        told = trial if len(seen) <= TOLD else replace(trial, params={})
        _mark(frame, x(trial.number), told, study, _kind(trial, study))
    for trial in (t for t in study.trials if t.state in ("failed", "interrupted")):
        key = str(trial.number)
        drawing.cross(x(trial.number), 262, 4, "failed", tip=_tip(trial, study), key=key)
    return drawing


def _value_scale(
    study: StudySnapshot, seen: Sequence[TrialSnapshot], start: float, end: float, pad: float = 0.08
) -> Scale:
    """Give the scale of the first objective, without what would flatten all the rest."""
    kept = [t.values[0] for t in (*study.best, study.baseline) if t is not None and t in seen]
    complete = [t.values[0] for t in seen if t.state == "complete"]
    pruned = [t.values[0] for t in seen if t.state != "complete"]
    return scale_of(main_range(complete, pruned, kept), start, end, pad=pad)


def _depth(trial: TrialSnapshot, study: StudySnapshot) -> int:
    """Give the order of drawing: the baseline's large square stays visible below a mark on it."""
    return ("baseline", "pruned", "complete", "best").index(_kind(trial, study))


def _best_so_far(study: StudySnapshot, frame: Frame) -> list[tuple[float, float]]:
    better = max if study.directions[0] == "maximize" else min
    points: list[tuple[float, float]] = []
    best: float | None = None
    for trial in (t for t in with_values(study) if t.state == "complete"):
        value = trial.values[0] if best is None else better(best, trial.values[0])
        if best is not None and value != best:
            points.append((frame.x(trial.number), frame.y.held(best)[0]))
        points.append((frame.x(trial.number), frame.y.held(value)[0]))
        best = value
    return [*points, (frame.x.end, points[-1][1])] if points else []


def draw_importance(importance: Mapping[str, float]) -> Drawing | None:
    """Draw a bar for each parameter's share; None without any."""
    if not importance:
        return None
    height, widest = 26.0 * len(importance) + 8, max(importance.values())
    drawing = Drawing(
        *(WIDTH, height),
        title="Importance of the parameters",
        description="; ".join(f"{key} {share(v)}" for key, v in importance.items()),
    )
    for row, (key, value) in enumerate(importance.items()):
        top = 4 + 26.0 * row
        drawing.text(186, top + 15, _short(key, 28), "label", anchor="end")
        drawing.box(194, top + 2, 440 * value / (widest or 1), 17, "bar", tip=f"{key}: {value:.3f}")
        drawing.text(202 + 440 * value / (widest or 1), top + 15, share(value), "mark")
    return drawing


def draw_slices(study: StudySnapshot) -> list[Drawing]:
    """Draw the first objective against each parameter that varies."""
    return [_slice(study, key) for key in varied(study)[:MOST_SLICES]]


def _slice(study: StudySnapshot, key: str) -> Drawing:
    seen = [t for t in with_values(study) if key in t.params]
    drawing = Drawing(
        *(340, 250),
        title=f"{study.metrics[0]} by {key}",
        description=f"One mark for each of {len(seen)} trials.",
    )
    values = [t.params[key] for t in seen]
    x = scale_of(values, 66, 328, is_log=is_log(study, key), pad=0.05)
    frame = Frame(drawing, x, _value_scale(study, seen, 200, 28))
    frame.axes(f"{_short(key, 32)}{' (log)' if x.is_log else ''}", study.metrics[0], x_marks=5)
    for trial in sorted(seen, key=lambda t: _depth(t, study)):
        _mark(frame, x(trial.params[key]), trial, study, _kind(trial, study))
    return drawing


def draw_parallel(study: StudySnapshot) -> Drawing | None:
    """Draw each trial as a line across its parameters and objectives; None for fewer than two."""
    keys, seen = varied(study)[:MOST_SLICES], with_values(study)
    whole = [t for t in seen if all(k in t.params for k in keys)]
    if len(whole) < 2 or not keys:
        return None
    drawing = Drawing(
        *(WIDTH, 320),
        title="Parallel coordinates",
        description=f"{len(whole)} trials as lines across {', '.join(keys)} and the objectives.",
    )
    names = [*keys, *study.metrics]
    columns = [[*(t.params[k] for k in keys), *t.values] for t in whole]
    scales = [
        scale_of([c[i] for c in columns], 272, 46, is_log=i < len(keys) and is_log(study, names[i]))
        for i in range(len(names))
    ]
    scales[len(keys)] = _value_scale(study, whole, 272, 46, pad=0.0)
    places = [70 + i * (WIDTH - 130) / (len(names) - 1) for i in range(len(names))]
    for trial, row in sorted(zip(whole, columns, strict=True), key=lambda p: _weight(p[0], study)):
        line = [(x, _held(s, v)) for x, s, v in zip(places, scales, row, strict=True)]
        kind, key = f"strand {_kind(trial, study)}", str(trial.number)
        drawing.path(line, kind, tip=_tip(trial, study), key=key)
    for place, scale, name in zip(places, scales, names, strict=True):
        _upright(drawing, place, scale, name)
    return drawing


def _held(scale: Scale, value: Value) -> float:
    return scale(value) if scale.names or not isinstance(value, float) else scale.held(value)[0]


def _weight(trial: TrialSnapshot, study: StudySnapshot) -> int:
    return ("pruned", "complete", "baseline", "best").index(_kind(trial, study))


def _kind(trial: TrialSnapshot, study: StudySnapshot) -> str:
    if trial in study.best:
        return "best"
    return "baseline" if trial == study.baseline else trial.state


def _upright(drawing: Drawing, place: float, scale: Scale, name: str) -> None:
    drawing.line(place, scale.start, place, scale.end, "axis")
    drawing.text(place, 24, _short(name, 24), "name", anchor="middle")
    for at, label in scale.ticks():
        drawing.line(place - 4, at, place, at, "axis")
        drawing.text(place - 7, at + 4, _short(label, 14), "mark halo", anchor="end")


def draw_front(study: StudySnapshot) -> Drawing | None:
    """Draw the first two objectives against each other; None for one objective."""
    seen = [t for t in with_values(study) if len(t.values) > 1]
    if not seen:
        return None
    drawing = Drawing(
        *(WIDTH, 360),
        title="Pareto front",
        description=f"{len(study.best)} of {len(seen)} trials are on the front.",
    )
    x = scale_of([t.values[0] for t in seen], 70, WIDTH - 16, pad=0.06)
    y = scale_of([t.values[1] for t in seen], 308, 28, pad=0.06)
    Frame(drawing, x, y).axes(study.metrics[0], study.metrics[1], x_marks=8)
    front = sorted(t.values[:2] for t in seen if t in study.best)
    if len(study.metrics) == 2:
        drawing.path([(x(a), y(b)) for a, b in front], "sofar")
    for trial in seen:
        place, tip, key = (x(trial.values[0]), y(trial.values[1])), _tip(trial, study), trial.number
        _sign(drawing, *place, _kind(trial, study), tip=tip, key=str(key))
    return drawing


def draw_signs() -> Drawing:
    """Draw a legend: the sign of each kind of trial and what it stands for."""
    drawing = Drawing(WIDTH, 22, title="Legend", description="The signs of trials.")
    x = 8.0
    for kind in SIGNS:
        _sign(drawing, x, 11, kind)
        drawing.text(x + 12, 15, kind, "mark")
        x += 92
    return drawing


def _mark(frame: Frame, x: float, trial: TrialSnapshot, study: StudySnapshot, kind: str) -> None:
    """Draw a trial's sign at its value, with the trial in a line for who points at it.

    Of a value beyond the axis it stands at its end, with an arrow in the value's direction.
    """
    y, beyond = frame.y.held(trial.values[0])
    y += EDGE * beyond
    _sign(frame.drawing, x, y, kind, tip=_tip(trial, study), key=str(trial.number))
    if beyond:
        tip, foot = y - 10 * beyond, y - 6 * beyond
        frame.drawing.path([(x - 4, foot), (x, tip), (x + 4, foot)], "beyond")


def _sign(drawing: Drawing, x: float, y: float, kind: str, *, tip: str = "", key: str = "") -> None:
    match kind:
        case "best":
            drawing.diamond(x, y, POINT + 3, "best", tip=tip, key=key)
        case "baseline":
            drawing.square(x, y, POINT + 2, "baseline", tip=tip, key=key)
        case "complete":
            drawing.circle(x, y, POINT, "complete", tip=tip, key=key)
        case "pruned":
            drawing.circle(x, y, POINT - 0.5, "pruned", tip=tip, key=key)
        case _:
            drawing.cross(x, y, POINT, "failed", tip=tip, key=key)


def _tip(trial: TrialSnapshot, study: StudySnapshot) -> str:
    values = _told(study.metrics, trial.values)
    params = ", ".join(f"{key}={plain(value)}" for key, value in trial.params.items())
    told = f"trial {trial.number} ({trial.state}): {values} {params}"
    return told.replace("  ", " ").rstrip()


def _told(metrics: Sequence[str], values: Sequence[float]) -> str:
    return ", ".join(f"{name} {metric(v)}" for name, v in zip(metrics, values, strict=False))


def _short(words: str, longest: int) -> str:
    return words if len(words) <= longest else words[: longest - 1] + "…"
