"""From a command and its config to a plan. Nothing is written here."""

import random
from collections.abc import Mapping
from dataclasses import replace

from rcnn_sweep.errors import UserError
from rcnn_sweep.process import phase
from rcnn_sweep.rules import nearest
from rcnn_sweep.sweep.defaults import of_its_own
from rcnn_sweep.sweep.feasibility import DRAWN, GLANCED_AT, FeasibilityCheck, Infeasible
from rcnn_sweep.sweep.hooks import MetricNames, StudyHooks
from rcnn_sweep.sweep.options import SweeperOptions, read_options
from rcnn_sweep.sweep.planning.first_points import first_points
from rcnn_sweep.sweep.planning.places import check_subdir, directory_of
from rcnn_sweep.sweep.planning.plan import Plan
from rcnn_sweep.sweep.planning.request import Request
from rcnn_sweep.sweep.samplers import (
    GRID,
    TPE,
    UNPRUNED,
    gives_every_point,
    make_pruner,
    make_sampler,
    never_prunes,
    points_of,
    takes_several,
)
from rcnn_sweep.sweep.space import Composer, Params, Space, baseline_of, space_of, unsearched
from rcnn_sweep.sweep.storage import check_storage, storage_url
from rcnn_sweep.sweep.study import fingerprint, record_of
from rcnn_sweep.sweep.workers import automatic_workers


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
    asked = space_of(command, request.space, request.asked)  # mistakes, before the data is read
    _check_groups(asked, request.asked)
    _check_points(options, asked, FeasibilityCheck(request.asked, hooks))
    with phase("preparing the data and what else all trials share"):
        composer = _composer(request, hooks, options.dry_run)
    check = FeasibilityCheck(composer, hooks)
    config = check.base()
    space = space_of(command, request.space, composer)
    draws = DRAWN if options.dry_run else GLANCED_AT
    with phase("looking for impossible points of the space"):
        infeasible = check.infeasible(space, options.seed, draws=draws)
    for point in infeasible.possible[:1]:
        check_subdir(composer, point)
    baseline = baseline_of(space, composer)
    first, n_trials = _budget(
        options, space, check, infeasible, baseline, request.gives("n_trials")
    )
    record, defaults = record_of(options, space, hooks.record(config)), hooks.defaults(config)
    own = of_its_own(record, defaults)
    name = options.study_name or f"{request.job_name}-{fingerprint(own)}"
    return Plan(
        options=options,
        unprunable=unprunable,
        given=command.fixed,
        unsearched=tuple(unsearched(command, request.space).values()),
        study_name=_checked_name(name),
        url=storage_url(options.storage),
        directory=directory_of(request.master, name),
        space=space,
        first=first,
        baseline=baseline,
        n_trials=n_trials,
        is_total_given=request.gives("n_trials"),
        workers=options.workers or automatic_workers(n_trials),
        infeasible=infeasible,
        record=record,
        defaults=defaults,
        config=config,
        composer=composer,
        typed=request.typed,
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
        is_total_given=True,
        left_out=tuple(slot for slot in range(n_trials) if slot not in points),
        workers=plan.options.workers or automatic_workers(len(points)),
    )


def with_total(plan: Plan, total: int | None) -> Plan:
    """Give the plan with the total that its study has, where the command names no other."""
    if total is None or plan.is_total_given:
        return plan
    workers = plan.options.workers or automatic_workers(total)
    return replace(plan, n_trials=total, workers=workers)


def _check_metrics(options: SweeperOptions, names: MetricNames | None) -> None:
    known = (*names.each_step, *names.at_end) if names is not None else options.metrics
    for metric in options.metrics:
        if metric not in known:
            raise UserError(
                f"hydra.sweeper.metric: expected one of {', '.join(known)}; "
                f"received {metric!r}.{nearest(metric, known)}"
            )


def _adapted(
    options: SweeperOptions, request: Request, names: MetricNames | None
) -> tuple[SweeperOptions, str]:
    """Run a grid of comma lists in full, and prune only where that can be; else say why not.

    A sampler that the command itself names is the one that is used; another that takes one
    objective gives way to TPE where there are several.
    """
    if request.command.is_grid:
        if not request.gives("sampler"):
            options = replace(options, sampler=GRID)
        if gives_every_point(options.sampler) and not request.gives("pruner"):
            options = replace(options, pruner=UNPRUNED)
    if len(options.metrics) > 1 and not takes_several(options.sampler):
        if request.gives("sampler"):
            raise UserError(
                f"hydra.sweeper.sampler.name={options.sampler.name}: expected one objective; "
                f"received {', '.join(options.metrics)}. tpe, nsgaii and random take several."
            )
        options = replace(options, sampler=TPE)
    reason = _unprunable(options, names)
    return (replace(options, pruner=UNPRUNED) if reason else options), reason


def _unprunable(options: SweeperOptions, names: MetricNames | None) -> str:
    if never_prunes(options.pruner):
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
    infeasible: Infeasible,
    baseline: Params | None,
    is_total_given: bool,
) -> tuple[dict[int, Params], int]:
    """Give the points fixed from the start, by slot, and the number of slots."""
    order = points_of(options.sampler)
    if order == "sampled":
        return dict(enumerate(first_points(options, space, check, baseline))), options.n_trials
    points = _every_point(space, infeasible)
    if order == "shuffled":
        random.Random(options.seed).shuffle(points)
    is_cut = order == "shuffled" or is_total_given
    n_trials = min(options.n_trials, len(points)) if is_cut else len(points)
    return dict(enumerate(points)), n_trials


def _every_point(space: Space, infeasible: Infeasible) -> list[Params]:
    """Give the points of a finite space, each once: the possible ones, where all were judged.

    Of a large space each point is judged when its slot is claimed.
    """
    return list(infeasible.possible if infeasible.is_complete else space.points())


def _check_groups(space: Space, composer: Composer) -> None:
    """Have each group that the config leaves open chosen by every point."""
    chosen = {parameter.key.lstrip("+") for parameter in space.parameters if not parameter.when}
    for group in composer.open_groups:
        if group not in chosen:
            options = ", ".join(composer.options(group))
            raise UserError(
                f"{group}: expected one of {options}; received none, and the space has it not. "
                f"Choose one, or search over them: {group}=A,B."
            )


def _check_points(options: SweeperOptions, asked: Space, check: FeasibilityCheck) -> None:
    """Judge the base config and the points of the command, as far as they need no data."""
    check.base()
    if points_of(options.sampler) == "sampled":
        first_points(replace(options, warm_start=None), asked, check, None)
    else:
        _check_finite(options, asked)


def _check_finite(options: SweeperOptions, space: Space) -> None:
    if space.size() is None:
        raise UserError(
            f"hydra.sweeper.sampler.name={options.sampler.name}: expected a finite space; "
            "received an interval. Use choice or range."
        )


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
