"""The files of a finished sweep, in ``sweep/`` below the study's directory.

``sweep/best.yaml`` is a Hydra config of group ``sweep``: with that directory's parent on the
search path, ``+sweep=best`` sets the winner's values over the app's own defaults.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import OmegaConf
from optuna.trial import FrozenTrial

from rcnn_sweep.names import TrialAttr
from rcnn_sweep.process import write_whole
from rcnn_sweep.sweep.findings import SweepSummary
from rcnn_sweep.sweep.planning import Plan
from rcnn_sweep.sweep.results.importance import importances
from rcnn_sweep.sweep.space import Composer, rendered
from rcnn_sweep.sweep.study import Queue, read_study

SEARCH = "search"
"""The config group of named spaces; a single run has no use for it."""

ATTRS = (
    TrialAttr.SLOT,
    TrialAttr.RETRY_OF,
    TrialAttr.DUPLICATE_OF,
    TrialAttr.SEED,
    TrialAttr.WORKER,
    TrialAttr.RUN_ID,
    TrialAttr.REASON,
)
"""The columns of ``trials.csv`` after the parameters."""


def write_results(summary: SweepSummary, plan: Plan, queue: Queue) -> None:
    """Write ``trials.csv`` and, where a search has a best trial, ``best.yaml`` and plots."""
    folder = summary.results
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "trials.csv", table_of(queue.trials(), summary.metrics))
    if summary.best and summary.is_search:
        write_whole(folder / "best.yaml", best_text(summary, plan))
        if summary.state == "complete" and plan.options.plots:
            from rcnn_sweep.sweep.results.plots import write_plots  # half a second of imports

            study = read_study(plan.study_name, plan.url)
            write_plots(study, importances(plan.study_name, plan.url), folder / "plots")


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


def best_text(summary: SweepSummary, plan: Plan) -> str:
    """Give the winner as a config for any machine; of a Pareto front the first.

    What the application settled for the machine of the sweep is told in comments.
    """
    best = summary.best[0]
    values = ", ".join(f"{n}={v:.6g}" for n, v in zip(summary.metrics, best.values, strict=True))
    params = [rendered(key, value) for key, value in best.params.items()]
    defaults, content = _split([*plan.given, *params], plan.composer)
    document: dict[str, Any] = {"defaults": [*defaults, "_self_"]} if defaults else {}
    header = (
        "# @package _global_\n"
        f"# Trial {best.number} of study {summary.study_name}: {values}.\n"
        f"# {summary.best_command}\n"
    )
    settled = [override for override in plan.composer.fixed if override not in plan.given]
    header += "".join(f"# Settled for the sweep: {' '.join(o.split())}\n" for o in settled)
    return header + OmegaConf.to_yaml(OmegaConf.create({**document, **content}))


def _split(
    overrides: list[str], composer: Composer
) -> tuple[list[Mapping[str, Any]], dict[str, Any]]:
    """Split overrides into group choices and nested values."""
    groups: dict[str, Any] = {}
    content: dict[str, Any] = {}
    for override in composer.parsed(overrides):
        key = override.key_or_group
        if override.is_delete() or key == SEARCH:
            continue
        if composer.is_group(key):
            prefix = "" if override.is_add() else "override "
            groups[f"{prefix}/{key}"] = override.value()
        else:
            _put(content, key.split("."), override.value())
    return [{key: value} for key, value in groups.items()], content


def _put(node: dict[str, Any], names: list[str], value: Any) -> None:
    for name in names[:-1]:
        node = node.setdefault(name, {})
    node[names[-1]] = value
