"""The forest plot: each candidate's difference from the baseline with its interval."""

from matplotlib.figure import Figure

from rcnn_sweep.evidence.evidence import Evidence, simultaneous_level
from rcnn_sweep.evidence.text import METRIC_NAMES

MARKS = {"accuracy": ("o", "#1f4e8c"), "f1_macro": ("s", "#b8641a")}


def intervals(evidence: Evidence) -> Figure:
    """Draw differences in points: marks for means, lines for intervals, dots for single seeds.

    A line that leaves out zero is what the verdict asks for. Candidates without a verdict have
    an empty row.
    """
    comparisons = evidence.comparisons
    figure = Figure(figsize=(8, 1.6 + 0.9 * len(comparisons)), layout="constrained")
    axes = figure.add_subplot()
    axes.axvline(0, color="#555555", linewidth=1)
    for row, comparison in enumerate(comparisons):
        for name, difference in (comparison.differences or {}).items():
            place = row + (0.15 if name == "f1_macro" else -0.15)
            marker, color = MARKS[name]
            low, high = (100 * bound for bound in difference.simultaneous)
            axes.plot([low, high], [place, place], color=color, linewidth=2)
            axes.plot(
                100 * difference.mean,
                place,
                marker,
                color=color,
                label=METRIC_NAMES[name] if row == 0 else None,
            )
            seeds = [100 * value for value in difference.per_seed]
            axes.plot(seeds, [place] * len(seeds), "|", color=color, alpha=0.5, markersize=9)
    names = [f"{one.arm.name}\n{one.verdict}" for one in comparisons]
    axes.set_yticks(range(len(comparisons)), names)
    axes.set_ylim(len(comparisons) - 0.5, -0.5)
    level = f"{100 * simultaneous_level(len(comparisons)):.4g}%"
    axes.set_xlabel(f"points above the baseline ({level} intervals; ticks: seeds)")
    axes.set_title(f"{evidence.asked.study}: baseline and candidates on test".replace("$", r"\$"))
    if any(one.differences for one in comparisons):
        axes.legend(loc="best", fontsize=8)
    return figure
