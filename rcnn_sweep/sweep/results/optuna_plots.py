"""Optuna's plots of a study: interactive HTML, and PNG."""

import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import optuna
from optuna import Study, visualization
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState
from optuna.visualization import matplotlib as drawn

from rcnn_sweep.sweep.planning import Plan

SINGLE = ("optimization_history", "parallel_coordinate", "param_importances", "slice")
SEVERAL = ("pareto_front", "parallel_coordinate", "param_importances", "slice")


def write_plots(storage: BaseStorage, plan: Plan, folder: Path) -> list[Path]:
    """Write each plot as ``<name>.html`` (with plotly's script inside) and ``<name>.png``.

    Needs two completed trials with different parameters; with fewer nothing is written.
    """
    study = optuna.load_study(study_name=plan.study_name, storage=storage)
    points = {str(t.params) for t in study.get_trials(states=(TrialState.COMPLETE,))}
    if len(points) < 2:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    matplotlib.use("Agg")
    written: list[Path] = []
    logging.getLogger("matplotlib.category").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in _names(study, plan):
            written += _write(study, name, _target(study, name), folder)
    return written


def _names(study: Study, plan: Plan) -> tuple[str, ...]:
    names: tuple[str, ...] = SINGLE if len(study.directions) == 1 else SEVERAL
    is_ranked = any(not p.distribution.single() for p in plan.space.parameters)
    names = names if is_ranked else tuple(n for n in names if n != "param_importances")
    return names if len(study.directions) <= 3 else tuple(n for n in names if n != "pareto_front")


def _target(study: Study, name: str) -> Callable[[Any], float] | None:
    """Plots of one objective show the first of several.

    PED-ANOVA, behind the importances, looks for what leads to low values of a target.
    """
    if len(study.directions) == 1 or name == "pareto_front":
        return None
    is_turned = name == "param_importances" and study.directions[0] is StudyDirection.MAXIMIZE
    return lambda trial: (-1 if is_turned else 1) * float(trial.values[0])


def _write(
    study: Study, name: str, target: Callable[[Any], float] | None, folder: Path
) -> list[Path]:
    options = {} if target is None else {"target": target}
    page, image = folder / f"{name}.html", folder / f"{name}.png"
    figure = getattr(visualization, f"plot_{name}")(study, **options)
    figure.write_html(page, include_plotlyjs=True, full_html=True)
    with matplotlib.rc_context({"figure.figsize": (9, 5)}):
        axes = getattr(drawn, f"plot_{name}")(study, **options)
    first = axes.flat[0] if hasattr(axes, "flat") else axes
    first.figure.savefig(image, dpi=120, bbox_inches="tight")
    matplotlib.pyplot.close(first.figure)
    return [page, image]
