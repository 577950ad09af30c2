"""The forest plot: each candidate's difference from the baseline with its intervals."""

from rcnn_sweep.drawing import Drawing, scale_of, sheet_of
from rcnn_sweep.evidence.evidence import Comparison, Evidence
from rcnn_sweep.evidence.statistics import METRICS, Difference
from rcnn_sweep.evidence.text import percent
from rcnn_sweep.format import signed

WIDTH, ROW = 720.0, 46.0
LEFT, RIGHT = 176.0, 700.0


def draw_intervals(evidence: Evidence, metric: str) -> Drawing:
    """Draw differences in test ``metric``: the dot a mean, the bar its 95 % interval.

    The thin line is the interval at the level of the claims, corrected for the number of candidates
    and looks; small marks are single seeds. A line that leaves out zero is what the verdict asks
    for. A candidate without a verdict has an empty row.
    """
    rows = [(one, (one.differences or {}).get(metric)) for one in evidence.comparisons]
    height = ROW * len(rows) + 64
    drawing = Drawing(
        *(WIDTH, height),
        title=f"Difference from the baseline in test {metric}",
        description="; ".join(_told(comparison, own) for comparison, own in rows),
    )
    ends = [0.0]
    for _, own in rows:
        ends += [] if own is None else [*own.per_seed, *own.interval, *own.simultaneous]
    x = scale_of(ends, LEFT, RIGHT, pad=0.05)
    bottom = height - 38
    for place, label in x.ticks(8):
        drawing.line(place, 8, place, bottom, "grid")
        drawing.text(place, bottom + 16, label, "mark", anchor="middle")
    drawing.line(x(0.0), 4, x(0.0), bottom, "zero")
    middle = (LEFT + RIGHT) / 2
    drawing.text(middle, height - 4, f"difference in test {metric}", "name", anchor="middle")
    for place, (comparison, own) in enumerate(rows):
        y = 30 + ROW * place
        drawing.text(LEFT - 12, y + 4, comparison.arm.name[:22], "label", anchor="end")
        drawing.text(LEFT - 12, y + 19, comparison.verdict, "mark", anchor="end")
        if own is None:
            continue
        drawing.line(x(own.simultaneous[0]), y, x(own.simultaneous[1]), y, "axis")
        low, high = (x(end) for end in own.interval)
        drawing.box(low, y - 3.5, high - low, 7, "bar", tip=_bounds(own))
        for value in own.per_seed:
            drawing.line(x(value), y + 9, x(value), y + 16, "axis")
        drawing.circle(x(own.mean), y, 5.5, "best", tip=signed(own.mean))
    return drawing


def _told(comparison: Comparison, own: Difference | None) -> str:
    if own is None:
        return f"{comparison.arm.name}: {comparison.verdict}"
    return f"{comparison.arm.name}: {signed(own.mean)}, interval {_bounds(own)}"


def _bounds(own: Difference) -> str:
    return f"{signed(own.interval[0])} to {signed(own.interval[1])}"


def draw_evidence(evidence: Evidence) -> Drawing:
    """Draw the differences in all metrics below each other, the metric judged by first."""
    judged_by = evidence.asked.judged_by
    order = [judged_by, *(name for name in METRICS if name != judged_by)]
    level = percent(evidence.level)
    return sheet_of(
        f"{evidence.asked.study}: candidates against the baseline on test, judged by {judged_by}",
        [draw_intervals(evidence, metric) for metric in order],
        foot=_legend(f"bar: 95 % interval; line: {level} interval; small marks: seeds"),
    )


def _legend(words: str) -> Drawing:
    drawing = Drawing(WIDTH, 22, title="Legend", description=words)
    drawing.text(0, 14, words, "mark")
    return drawing
