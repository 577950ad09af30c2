"""The drawings of a study as files: a page of its own and a PNG each."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from rcnn_sweep.drawing import Drawing, sheet_of
from rcnn_sweep.sweep.findings import StudySnapshot
from rcnn_sweep.sweep.results.drawings import (
    WIDTH,
    draw_front,
    draw_history,
    draw_importance,
    draw_parallel,
    draw_signs,
    draw_slices,
)
from rcnn_sweep.sweep.results.importance import FEWEST


def write_plots(study: StudySnapshot, importance: Mapping[str, float], folder: Path) -> list[Path]:
    """Write each plot as ``<name>.html`` and ``<name>.png``; gives the files.

    Needs two completed trials with different parameters; with fewer nothing is written.
    """
    points = {str(trial.params) for trial in study.trials if trial.state == "complete"}
    if len(points) < 2:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name, picture in _pictures(study, importance):
        page, image = folder / f"{name}.html", folder / f"{name}.png"
        picture.save_html(page)
        picture.save_png(image)
        written += [page, image]
    return written


def _pictures(
    study: StudySnapshot, importance: Mapping[str, float]
) -> Iterator[tuple[str, Drawing]]:
    """Give the plots that the study has, each with a title, the study's name and a legend."""
    for name, drawing in (
        ("optimization_history", draw_history(study)),
        ("pareto_front", draw_front(study)),
        ("parallel_coordinate", draw_parallel(study)),
    ):
        if drawing is not None:
            yield name, sheet_of(f"{drawing.title}: {study.name}", [drawing], foot=draw_signs())
    if slices := draw_slices(study):
        title = f"{study.metrics[0]} by parameter: {study.name}"
        yield "slice", sheet_of(title, slices, columns=2, foot=draw_signs())
    bars = draw_importance(importance) or _unknown_importance()
    yield "param_importances", sheet_of(f"{bars.title}: {study.name}", [bars])


def _unknown_importance() -> Drawing:
    reason = f"It needs {FEWEST} complete trials that differ."
    drawing = Drawing(WIDTH, 30, title="Importance of the parameters", description=reason)
    drawing.text(0, 18, reason)
    return drawing
