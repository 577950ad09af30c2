"""The files of a finished sweep, in ``sweep/`` below the study's directory.

``sweep/best.yaml`` is a Hydra config of group ``sweep``: with that directory's parent on the
search path, ``+sweep=best`` sets the winner's values over the app's own defaults.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from rcnn_sweep.process import own_command
from rcnn_sweep.sweep.plan import Plan
from rcnn_sweep.sweep.results.importance import importances
from rcnn_sweep.sweep.results.summary import SweepSummary, table_of
from rcnn_sweep.sweep.space import Composer, rendered
from rcnn_sweep.sweep.study import Queue, read_study

SEARCH = "search"
"""The config group of named spaces; a single run has no use for it."""


def write_results(summary: SweepSummary, plan: Plan, queue: Queue) -> None:
    """Write ``trials.csv`` and, where a search has a best trial, ``best.yaml`` and the plots."""
    folder = summary.results
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "trials.csv", table_of(queue.trials(), summary.metrics))
    if summary.best and summary.is_search:
        write_whole(folder / "best.yaml", best_text(summary, plan))
        if summary.state == "complete":
            from rcnn_sweep.sweep.results.plots import write_plots  # half a second of imports

            study = read_study(plan.study_name, plan.url)
            write_plots(study, importances(plan.study_name, plan.url), folder / "plots")


def write_whole(path: Path, text: str) -> None:
    """Write a file that is never seen half written."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def best_command(directory: Path) -> str:
    """Give the command that runs the winner once."""
    return own_command(["--config-dir", str(directory), "+sweep=best"])


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
        f"# {best_command(summary.directory)}\n"
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
