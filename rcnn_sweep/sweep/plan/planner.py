"""From a command and its config to a plan. Nothing is written here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from hydra.core.config_loader import ConfigLoader
from omegaconf import DictConfig, OmegaConf

from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.hooks import MetricNames, StudyHooks
from rcnn_sweep.sweep.options import Named, SweeperOptions, read_options
from rcnn_sweep.sweep.plan.plan import FeasibilityCheck, Plan, default_name, grid_points, is_grid
from rcnn_sweep.sweep.samplers import make_pruner, make_sampler
from rcnn_sweep.sweep.space import (
    Command,
    Composer,
    Params,
    Space,
    baseline_of,
    read_command,
    space_of,
)
from rcnn_sweep.sweep.storage import check_storage, storage_url
from rcnn_sweep.sweep.study import record_of
from rcnn_sweep.sweep.workers import automatic_workers


@dataclass(frozen=True)
class Request:
    """What the user asks for: the sweeper's options, its space and the composed config."""

    options: Mapping[str, Any]
    space: Mapping[str, Any]
    arguments: list[str]
    master: DictConfig
    loader: ConfigLoader

    @cached_property
    def command(self) -> Command:
        """What the command fixes and what it varies."""
        return read_command(self.arguments, self.loader)

    @cached_property
    def asked(self) -> Composer:
        """Composes the command as it was typed."""
        return Composer(self.loader, self.master, self.command.fixed)

    def base_config(self) -> DictConfig:
        """Compose the command's fixed overrides as a task function would get them."""
        return self.asked.task({})

    def gives(self, option: str) -> bool:
        """Say whether the command itself sets this option of the sweeper."""
        given = self.master.hydra.overrides.hydra
        return any(str(o).lstrip("+").startswith(f"hydra.sweeper.{option}") for o in given)


def make_plan(request: Request, hooks: StudyHooks) -> Plan:
    """Settle everything; raises :class:`UserError` for whatever cannot work."""
    options = read_options(request.options)
    command = request.command
    names = hooks.metric_names()
    _check_metrics(options, names)
    _check_places(options)
    options, unprunable = _adapted(options, request, names)
    make_sampler(options.sampler, 0, 0)
    make_pruner(options.pruner)
    space_of(command, request.space, request.asked)  # its mistakes, before the data is read
    composer = _composer(request, hooks, options.dry_run)
    check = FeasibilityCheck(composer, hooks)
    config = check.base()
    space = space_of(command, request.space, composer)
    infeasible = check.infeasible(space, options.seed)
    baseline = baseline_of(space, composer)
    first, n_trials = _budget(options, space, check, baseline, request.gives("n_trials"))
    base = hooks.record(config)
    name = options.study_name or default_name(_job(request), options, space, base)
    return Plan(
        options=options,
        unprunable=unprunable,
        given=command.fixed,
        study_name=_checked_name(name),
        url=storage_url(options.storage),
        directory=_directory(request.master, name),
        space=space,
        first=first,
        baseline=baseline,
        n_trials=n_trials,
        workers=options.workers or automatic_workers(n_trials),
        infeasible=infeasible,
        record=record_of(options, space, base),
        config=config,
        composer=composer,
    )


def with_points(plan: Plan, hooks: StudyHooks, tried: Mapping[int, Params]) -> Plan:
    """Give the plan of the points that the hooks name, where they do; ``tried`` as for them."""
    points = hooks.points(plan.config, tried)
    if points is None:
        return plan
    n_trials = max(points, default=-1) + 1
    return replace(
        plan,
        is_search=False,
        baseline=None,
        first=points,
        n_trials=n_trials,
        left_out=tuple(slot for slot in range(n_trials) if slot not in points),
        workers=plan.options.workers or automatic_workers(len(points)),
    )


def _check_metrics(options: SweeperOptions, names: MetricNames | None) -> None:
    known = (*names.each_step, *names.at_end) if names is not None else options.metrics
    for metric in options.metrics:
        if metric not in known:
            near = get_close_matches(metric, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise UserError(
                f"hydra.sweeper.metric: expected one of {', '.join(known)}; "
                f"received {metric!r}.{hint}"
            )


def _adapted(
    options: SweeperOptions, request: Request, names: MetricNames | None
) -> tuple[SweeperOptions, str]:
    """Run a grid of comma lists in full, and prune only where that can be; else say why not."""
    if request.command.is_grid:
        options = replace(options, sampler=Named("grid"))
        if not request.gives("pruner"):
            options = replace(options, pruner=Named("none"))
    reason = _unprunable(options, names)
    return (replace(options, pruner=Named("none")) if reason else options), reason


def _unprunable(options: SweeperOptions, names: MetricNames | None) -> str:
    if options.pruner.name == "none":
        return ""
    if len(options.metrics) > 1:
        return "Optuna prunes studies of one objective only"
    if names is not None and options.metrics[0] not in names.each_step:
        return f"{options.metrics[0]} is known only at a trial's end"
    return ""


def _composer(request: Request, hooks: StudyHooks, dry_run: bool) -> Composer:
    """Let the application settle what all trials share, then compose with that."""
    settled = hooks.prepare(request.base_config(), dry_run)
    if not settled:
        return request.asked
    return Composer(request.loader, request.master, (*request.command.fixed, *settled))


def _budget(
    options: SweeperOptions,
    space: Space,
    check: FeasibilityCheck,
    baseline: Params | None,
    is_total_given: bool,
) -> tuple[dict[int, Params], int]:
    """Give the points fixed from the start, by slot, and the number of slots."""
    if not is_grid(options):
        is_first = options.baseline_first and baseline is not None
        return ({0: baseline} if is_first and baseline else {}), options.n_trials
    points = grid_points(options, space, check)
    is_limited = options.sampler.name == "bruteforce" or is_total_given
    points = points[: options.n_trials] if is_limited else points
    return dict(enumerate(points)), len(points)


def _job(request: Request) -> str:
    return str(request.master.hydra.job.name)


def _check_places(options: SweeperOptions) -> None:
    check_storage(storage_url(options.storage))
    if options.study_name is not None:
        _checked_name(options.study_name)


def _checked_name(name: str) -> str:
    if not name.strip(" .") or any(c in name for c in "/\\\0\n"):
        raise UserError(
            f"hydra.sweeper.study_name: expected the name of a directory (letters, digits, "
            f"spaces, - _ .); received {name!r}."
        )
    return name


def _directory(master: DictConfig, study_name: str) -> Path:
    """Give ``hydra.sweep.dir``; Hydra's own default, a time of day, cannot be resumed."""
    raw = OmegaConf.to_container(master.hydra.sweep, resolve=False)
    configured = str(raw["dir"]) if isinstance(raw, dict) else ""
    if "${now:" in configured:
        return Path("multirun", study_name).absolute()
    return Path(str(master.hydra.sweep.dir)).absolute()
