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
from rcnn_sweep.sweep.compose import Composer
from rcnn_sweep.sweep.hooks import MetricNames, StudyHooks
from rcnn_sweep.sweep.plan import Plan, PossibleCheck, default_name, grid_points, is_grid
from rcnn_sweep.sweep.record import record_of
from rcnn_sweep.sweep.resources import automatic_workers
from rcnn_sweep.sweep.sampling import make_pruner, make_sampler
from rcnn_sweep.sweep.settings import Named, Settings, read_settings
from rcnn_sweep.sweep.space import Params, Space
from rcnn_sweep.sweep.spaces import Command, baseline_of, read_command, space_of
from rcnn_sweep.sweep.storage import check_storage, storage_url


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
    settings = read_settings(request.options)
    command = request.command
    names = hooks.metric_names()
    _check_metrics(settings, names)
    _check_places(settings)
    settings, unprunable = _adapted(settings, request, names)
    make_sampler(settings.sampler, 0, 0)
    make_pruner(settings.pruner)
    space_of(command, request.space, request.asked)  # its mistakes, before the data is read
    composer = _composer(request, hooks, settings.dry_run)
    check = PossibleCheck(composer, hooks)
    config = check.base()
    space = space_of(command, request.space, composer)
    corners = check.corners(space, settings.seed)
    baseline = baseline_of(space, composer)
    first, n_trials = _budget(settings, space, check, baseline, request.gives("n_trials"))
    base = hooks.record(config)
    name = settings.study_name or default_name(_job(request), settings, space, base)
    return Plan(
        settings=settings,
        unprunable=unprunable,
        given=command.fixed,
        study_name=_checked_name(name),
        url=storage_url(settings.storage),
        directory=_directory(request.master, name),
        space=space,
        first=first,
        baseline=baseline,
        n_trials=n_trials,
        workers=settings.workers or automatic_workers(n_trials),
        corners=corners,
        record=record_of(settings, space, base),
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
        workers=plan.settings.workers or automatic_workers(len(points)),
    )


def _check_metrics(settings: Settings, names: MetricNames | None) -> None:
    known = (*names.each_step, *names.at_end) if names is not None else settings.metrics
    for metric in settings.metrics:
        if metric not in known:
            near = get_close_matches(metric, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise UserError(
                f"hydra.sweeper.metric: expected one of {', '.join(known)}; "
                f"received {metric!r}.{hint}"
            )


def _adapted(
    settings: Settings, request: Request, names: MetricNames | None
) -> tuple[Settings, str]:
    """Run a grid of comma lists in full, and prune only where that can be; else say why not."""
    if request.command.is_grid:
        settings = replace(settings, sampler=Named("grid"))
        if not request.gives("pruner"):
            settings = replace(settings, pruner=Named("none"))
    reason = _unprunable(settings, names)
    return (replace(settings, pruner=Named("none")) if reason else settings), reason


def _unprunable(settings: Settings, names: MetricNames | None) -> str:
    if settings.pruner.name == "none":
        return ""
    if len(settings.metrics) > 1:
        return "Optuna prunes studies of one objective only"
    if names is not None and settings.metrics[0] not in names.each_step:
        return f"{settings.metrics[0]} is known only at a trial's end"
    return ""


def _composer(request: Request, hooks: StudyHooks, dry_run: bool) -> Composer:
    """Let the application settle what all trials share, then compose with that."""
    settled = hooks.prepare(request.base_config(), dry_run)
    if not settled:
        return request.asked
    return Composer(request.loader, request.master, (*request.command.fixed, *settled))


def _budget(
    settings: Settings,
    space: Space,
    check: PossibleCheck,
    baseline: Params | None,
    is_total_given: bool,
) -> tuple[dict[int, Params], int]:
    """Give the points fixed from the start, by slot, and the number of slots."""
    if not is_grid(settings):
        is_first = settings.baseline_first and baseline is not None
        return ({0: baseline} if is_first and baseline else {}), settings.n_trials
    points = grid_points(settings, space, check)
    is_limited = settings.sampler.name == "bruteforce" or is_total_given
    points = points[: settings.n_trials] if is_limited else points
    return dict(enumerate(points)), len(points)


def _job(request: Request) -> str:
    return str(request.master.hydra.job.name)


def _check_places(settings: Settings) -> None:
    check_storage(storage_url(settings.storage))
    if settings.study_name is not None:
        _checked_name(settings.study_name)


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
