"""The files of a finished sweep, in ``sweep/`` below the study's directory.

``sweep/best.yaml`` is the winner's whole config for a single run. With the study's directory on the
search path (``--config-dir``), ``+sweep=best`` chooses its groups and sets its values, in an app
whose config begins its defaults with ``_self_``. The command at its head composes its trial.
"""

import csv
import io
from collections.abc import Sequence
from typing import Any

from omegaconf import OmegaConf
from optuna.trial import FrozenTrial

from rcnn_sweep.names import TrialAttr
from rcnn_sweep.process import typable, write_whole
from rcnn_sweep.sweep.findings import SweepSummary
from rcnn_sweep.sweep.hooks import StudyHooks
from rcnn_sweep.sweep.plain import plain
from rcnn_sweep.sweep.planning import Plan
from rcnn_sweep.sweep.results.importance import importances
from rcnn_sweep.sweep.space import Composer
from rcnn_sweep.sweep.study import Queue, read_study

SEARCH = "search"
"""The config group of named spaces; a single run has no use for it."""

ATTRS = (
    TrialAttr.SLOT,
    TrialAttr.RETRY_OF,
    TrialAttr.DUPLICATE_OF,
    TrialAttr.CONFIRMS,
    TrialAttr.SEED,
    TrialAttr.WORKER,
    TrialAttr.RUN_ID,
    TrialAttr.REASON,
)
"""The columns of ``trials.csv`` after the parameters."""


def write_results(summary: SweepSummary, plan: Plan, queue: Queue, hooks: StudyHooks) -> None:
    """Write ``trials.csv`` and, where a search has a best trial, ``best.yaml`` and plots."""
    folder = summary.results
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "trials.csv", table_of(queue.trials(), summary.metrics))
    if summary.best and summary.is_search:
        write_whole(folder / "best.yaml", best_text(summary, plan, queue, hooks))
        if draws_plots(summary, plan):
            from rcnn_sweep.sweep.results.plots import write_plots  # half a second of imports

            study = read_study(plan.study_name, plan.url)
            write_plots(study, importances(plan.study_name, plan.url), folder / "plots")


def draws_plots(summary: SweepSummary, plan: Plan) -> bool:
    """Say whether :func:`write_results` draws plots: of a search that came to its end."""
    is_found = bool(summary.best) and summary.is_search
    return is_found and summary.state == "complete" and plan.options.plots


def table_of(trials: Sequence[FrozenTrial], metrics: Sequence[str]) -> str:
    """Give the trials as CSV text, one row each, parameters in columns of their own."""
    keys = sorted({key for trial in trials for key in trial.params})
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(["number", "state", *metrics, "steps", "seconds", *keys, *ATTRS])
    for trial in trials:
        seconds = "" if trial.duration is None else f"{trial.duration.total_seconds():.2f}"
        values = trial.values or [""] * len(metrics)
        row = [trial.number, trial.state.name.lower(), *values]
        row += [""] * (len(metrics) - len(values))
        row += [len(trial.intermediate_values), seconds]
        row += [trial.params.get(key, "") for key in keys]
        writer.writerow([*row, *(trial.user_attrs.get(name, "") for name in ATTRS)])
    return output.getvalue()


def best_text(summary: SweepSummary, plan: Plan, queue: Queue, hooks: StudyHooks) -> str:
    """Give the winner's config for a single run, groups chosen; of a Pareto front the first.

    It lacks what only the search had set, but for what the application keeps. What that settled
    for the machine of the sweep is told in comments.
    """
    best = summary.best[0]
    values = ", ".join(f"{n}={v:.6g}" for n, v in zip(summary.metrics, best.values, strict=True))
    header = (
        "# @package _global_\n"
        f"# Trial {best.number} of study {summary.study_name}: {values}.\n"
        f"# {typable(summary.best_command)}\n"
    )
    settled = [override for override in plan.composer.fixed if override not in plan.given]
    header += "".join(f"# Settled for the sweep: {' '.join(o.split())}\n" for o in settled)
    attrs = queue.trial(best.number).user_attrs
    more = hooks.single_run(plan.composer.task(best.params), attrs)
    composer = Composer(plan.composer.loader, plan.composer.master, [*_single(plan), *more])
    groups = _groups(composer.overrides(best.params), composer)
    document = {"defaults": [*groups, "_self_"]} if groups else {}
    return header + OmegaConf.to_yaml({**document, **plain(composer.task(best.params))})


def _single(plan: Plan) -> list[str]:
    parsed = zip(plan.given, plan.composer.parsed(plan.given), strict=True)
    return [typed for typed, override in parsed if override.key_or_group != SEARCH]


def _groups(overrides: Sequence[str], composer: Composer) -> list[dict[str, Any]]:
    """Give the choices of config groups as entries of a defaults list, the last of each."""
    chosen: dict[str, Any] = {}
    for override in composer.parsed(overrides):
        if composer.is_group(override.key_or_group) and not override.is_delete():
            prefix = "" if override.is_add() else "override "
            chosen[f"{prefix}/{override.get_key_element().lstrip('+')}"] = override.value()
    return [{key: value} for key, value in chosen.items()]
