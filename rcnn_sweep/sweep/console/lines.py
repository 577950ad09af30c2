"""What a sweep says on standard output before and after its trials."""

from collections.abc import Iterable, Iterator, Mapping
from statistics import fmean

from rcnn_sweep.format import counted
from rcnn_sweep.process import printable, script_command, typable
from rcnn_sweep.sweep.findings import Standing, SweepSummary, counts_and_repeats, standing_of
from rcnn_sweep.sweep.hooks import StudyInfo
from rcnn_sweep.sweep.planning import Plan, estimate
from rcnn_sweep.sweep.samplers import gives_every_point
from rcnn_sweep.sweep.storage import masked
from rcnn_sweep.sweep.study import Queue, confirmation_of
from rcnn_sweep.sweep.workers import LauncherTraits, gpus, is_here, threads_of


def print_plan(
    plan: Plan, launcher: LauncherTraits, found: Queue | None, caveats: Iterable[str]
) -> None:
    """Print all that a dry run tells, and what it cannot know."""
    for line in plan_lines(plan, launcher, found):
        print(printable(line))
    for caveat in caveats:
        print(f"unknown    {caveat}")


def plan_lines(plan: Plan, launcher: LauncherTraits, found: Queue | None) -> Iterator[str]:
    """Give the plan, line by line."""
    yield f"study      {plan.study_name} ({_resumed(found)})"
    yield f"storage    {masked(plan.url)}"
    yield f"directory  {plan.directory}"
    objectives = zip(plan.options.directions, plan.options.metrics, strict=True)
    yield f"objective  {', '.join(f'{d} {m}' for d, m in objectives)}"
    yield f"sampler    {plan.options.sampler.name}, pruner {plan.options.pruner.name}"
    if plan.unprunable:
        yield f"pruning    none: {plan.unprunable}"
    yield f"trials     {_number(plan)} in all, seed {plan.options.seed}"
    yield from _searched(plan) if plan.is_search else _given(plan)
    yield f"workers    {workers_line(plan, launcher)}"
    yield f"time       {estimate(plan, found.look().snapshots() if found else [])}"


def _searched(plan: Plan) -> Iterator[str]:
    yield f"baseline   {_baseline(plan)}"
    if (last := _confirming(plan)) > 0:
        best = plan.options.confirm
        yield f"confirm    the best {best} and the baseline are run again in the last {last} trials"
    firsts = [point for point in plan.first.values() if point != plan.baseline]
    if firsts and not gives_every_point(plan.options.sampler):
        yield f"first      {len(firsts)} point(s) asked for, after the baseline"
    for key, values in plan.space.describe().items():
        yield f"space      {key}: {values}"
    for override in plan.unsearched:
        yield f"fixed      {override}: not searched, since the command sets it"
    yield f"impossible {plan.infeasible}"


def _confirming(plan: Plan) -> int:
    """Count the slots in which points are run again."""
    confirmation = confirmation_of(plan.options)
    return 0 if confirmation is None else len(confirmation.slots(plan.n_trials))


def _given(plan: Plan) -> Iterator[str]:
    for point in plan.first.values():
        yield f"point      {' '.join(f'{key}={value}' for key, value in point.items())}"


def print_opening(plan: Plan, launcher: LauncherTraits, found: Queue | None) -> None:
    """Print what starts, in a few lines."""
    print(f"study {plan.study_name} ({_resumed(found)}) in {masked(plan.url)}")
    print(f"{_number(plan)} trials in all, {workers_line(plan, launcher)}")
    if plan.unsearched:
        print(f"not searched, since the command sets it: {' '.join(plan.unsearched)}")
    if plan.unprunable:
        print(f"trials are not pruned: {plan.unprunable}")


def _number(plan: Plan) -> str:
    """Give the number of trials, of which impossible points of a large grid are yet to be taken."""
    is_judged = plan.infeasible.is_complete or not gives_every_point(plan.options.sampler)
    return str(plan.size) if is_judged else f"at most {plan.size}"


def _resumed(found: Queue | None) -> str:
    slots = None if found is None else found.look()
    counts = {} if slots is None else counts_and_repeats(slots.snapshots(), slots.untried())
    return f"resumed: {_counted(counts)}" if counts else "new"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in counts.items())


def _baseline(plan: Plan) -> str:
    if plan.baseline is None:
        return "outside the space, not tried"
    values = " ".join(f"{key}={value}" for key, value in plan.baseline.items())
    if plan.first.get(0) == plan.baseline:
        return f"{values} (trial 0)"
    return f"{values} ({'in its turn' if plan.baseline in plan.first.values() else 'if chosen'})"


def workers_line(plan: Plan, launcher: LauncherTraits) -> str:
    """Say where the workers run and what each may use."""
    threads = f"{counted(threads_of(plan.workers), 'thread')} each"
    devices = f", {counted(len(gpus()), 'GPU')}" if gpus() else ""
    limit = plan.options.max_trials_per_worker
    turns = "" if limit is None else f", replaced after {counted(limit, 'trial')}"
    if not launcher.is_watched:
        workers = counted(plan.workers, "worker")
        return f"{workers} through {launcher.name}, {threads}{turns}"
    if is_here(plan.options, plan.workers):
        return f"1 worker, in this process{devices}"
    if plan.workers == 1:
        return f"1 worker process{devices}{turns}"
    return f"{plan.workers} worker processes, {threads}{devices}{turns}"


def print_summary(summary: SweepSummary, info: StudyInfo, closing: Iterable[str]) -> None:
    """Print the outcome, the commands for what comes next and the hooks' own closing lines."""
    for line in [*summary_lines(summary, info), *closing]:
        print(printable(line))


def summary_lines(summary: SweepSummary, info: StudyInfo) -> Iterator[str]:
    """Give the closing lines."""
    yield ""
    yield f"study {summary.study_name} {summary.state}: {_counted(summary.counts)}"
    if summary.reason:
        yield f"because: {summary.reason}"
    extras = {
        "repeated point(s) reused": summary.duplicates,
        "impossible point(s) not tried": summary.rejected + summary.left_out,
    }
    yield from (f"{count} {text}" for text, count in extras.items() if count)
    if summary.is_search:
        yield from _winner(summary)
    pruning = summary.pruning
    if pruning.full > pruning.run:
        run = f"{pruning.run} of {pruning.full} steps run"
        yield f"pruning saved {pruning.saved:.0%} of the compute ({run})"
    yield f"wall time {summary.wall_seconds:.1f} s, trials {summary.busy_seconds:.1f} s"
    yield f"resume:    {typable(info.command)}"
    if summary.best and summary.is_search and not _baseline_won(summary):
        yield f"best:      {typable(summary.best_command)}"
    if dashboard := script_command("optuna-dashboard", info.storage):
        yield f"dashboard: {dashboard}"


def _winner(summary: SweepSummary) -> Iterator[str]:
    if _baseline_won(summary):
        [best] = summary.best
        value = f"{summary.metrics[0]}={best.values[0]:.6g}"
        yield f"nothing beat the baseline, trial {best.number}: {value}"
        return
    word = "best" if len(summary.best) == 1 else "front"
    for trial in summary.best:
        values = ", ".join(
            f"{name}={value:.6g}" for name, value in zip(summary.metrics, trial.values, strict=True)
        )
        params = " ".join(f"{key}={value}" for key, value in trial.params.items())
        yield f"{word} trial {trial.number}: {values} {params}"
        if (again := standing_of(summary, trial)) is not None:
            yield f"           {told(again)}"
    if summary.gain is not None and summary.baseline is not None:
        value = f"{summary.metrics[0]}={summary.baseline.values[0]:.6g}"
        yield f"baseline trial {summary.baseline.number}: {value}; gain {summary.gain:+.6g}"
        if (again := standing_of(summary, summary.baseline)) is not None:
            yield f"           {told(again)}"


def told(again: Standing) -> str:
    """Say what running a point again came to."""
    others = len(again.values) - 1
    low, high = again.interval or (again.estimate, again.estimate)
    return (
        f"run again {others} time(s), mean {fmean(again.values):.5g}; its true value is estimated "
        f"at {again.estimate:.5g} ({low:.5g} to {high:.5g})"
    )


def _baseline_won(summary: SweepSummary) -> bool:
    return len(summary.metrics) == 1 and summary.best[:1] == (summary.baseline,)
