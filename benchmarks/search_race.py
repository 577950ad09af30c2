"""Which way of searching finds the better network for the same compute? Replayed, not trained.

    python benchmarks/search_race.py
    python benchmarks/search_race.py --space around_baseline
    python benchmarks/search_race.py --space architecture --truth forest
    python benchmarks/search_race.py --sampler tpe multivariate=true --pruner median --confirm 3

Feeds recorded tables (``search_table.csv`` and ``search_architecture.csv``, made by
``search_table.py``, and ``search_live.csv``, the trainings of ``search_live.py``) through the
engine's own queue, samplers, pruners and confirmation, with two workers on a simulated clock. A
search may ask for any point of the space: a model, fitted to the tables, says what a point comes to
after each epoch and how long an epoch takes. It is a Gaussian process, or a forest, which takes
nothing to be smooth: what leads by both owes it to neither. Each replay draws a world of its own
from it, so that a point far from all recorded ones may be better than their mean says, as it may be
where it is trained; luck is added as the tables have it between trainings of one point with several
seeds. How well the model predicts points that it has not seen is printed first.

A sweep is judged by the true value (its world's, without luck) of the point that it names as the
best, against what it spent, in whole trials of average length. Beside each are what random search
without pruning comes to for the same compute, and the 95 % interval of the difference. A second
table says what each way spends until it names as good a winner as random search does after
:data:`REFERENCE` trials, from the means over budgets, straight lines between them.
"""

import heapq
import json
import os
import random
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import optuna
from _measuring import options
from _world import SPACES, Course, World, judged, world_of
from optuna.terminator import BestValueStagnationEvaluator, Terminator
from optuna.trial import TrialState

from rcnn_sweep.names import TrialAttr
from rcnn_sweep.sweep.feasibility import FeasibleSampler, KnownPoints
from rcnn_sweep.sweep.findings import best_of
from rcnn_sweep.sweep.options import Limits
from rcnn_sweep.sweep.samplers import TPE, UNPRUNED, Named, make_pruner, make_sampler
from rcnn_sweep.sweep.study import (
    Claim,
    Confirmation,
    Queue,
    Retries,
    Slots,
    is_searched,
    limit_reached,
    snapshot_of,
)
from rcnn_sweep.sweep.study.confirmation import RUNS
from rcnn_sweep.sweep.trial import derived_seed

WORKERS = 2
SIZES = (10, 20, 30, 60, 100)
STAGNATION = 30
"""Trials without a better one after which Optuna's terminator ends a search, by its own default;
its other evaluators need PyTorch."""
REFERENCE, CHANCES = 30, 5
"""Trials of the random search that all are held against, and so many of it for each replay."""


@dataclass(frozen=True)
class Way:
    """A way of searching: what a command would set below ``hydra.sweeper``.

    Or, with ``rungs``, what none can: of random points, that share goes on after each epoch, from
    its saved weights.
    """

    name: str
    sampler: Named = TPE
    pruner: Named = UNPRUNED
    confirm: int = 0
    common_seed: bool = False
    baseline_first: bool = True
    patience: int | None = None
    stagnation: int | None = None
    rungs: float | None = None


@dataclass(frozen=True)
class Reached:
    """What was spent, and the true value of what is then named as the best."""

    spent: float
    value: float


def replay(way: Way, course: Course, n_trials: int, seed: int) -> Reached | None:
    """Run one sweep to its end; None where no trial completed."""
    if way.rungs is not None:
        return by_rungs(way.rungs, way.confirm, course, n_trials, seed)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    world, rng = world_of(course).drawn(seed), np.random.default_rng(seed)
    study = optuna.create_study(direction="maximize", pruner=make_pruner(way.pruner))
    queue = Queue(study._storage, study._study_id, "")
    queue.set_study_attr("n_trials", n_trials)
    baseline = world.baseline_point
    queue.set_study_attr("baseline", baseline)
    confirmation = Confirmation(way.confirm, "maximize") if way.confirm else None
    claim = Claim(
        "worker",
        "session",
        Retries(0, datetime.now()),
        points={0: baseline} if way.baseline_first else {},
        is_stopped=_stop_rule(way, study, confirmation),
        confirmation=confirmation,
        is_searched=lambda slots: is_searched(slots, Limits(patience=way.patience), "maximize"),
    )
    known, spent = KnownPoints(world.searched), 0.0
    clock: list[tuple[float, int, Any]] = [(0.0, worker, None) for worker in range(WORKERS)]
    while clock:
        now, worker, running = heapq.heappop(clock)
        if running is None:
            running = _started(way, world, study, queue, claim, known, seed, rng)
            if running is None:
                continue
        trial, curve, seconds = running
        step = len(trial.intermediate)
        if step and _is_over(trial, curve, step, study):
            heapq.heappush(clock, (now, worker, None))
            continue
        spent += seconds
        trial.intermediate.append(step + 1)
        heapq.heappush(clock, (now + seconds, worker, running))
    best = best_of(map(snapshot_of, queue.look().ended), ("maximize",))
    return Reached(spent, float(world.values([best[0].params])[0, -1])) if best else None


def by_rungs(share: float, confirm: int, course: Course, n_trials: int, seed: int) -> Reached:
    """Train random points, the baseline first, an epoch each; ``share`` of them go on after each.

    None of an epoch is trained twice, as where each goes on from its saved weights. The best
    ``confirm`` are run again, as the engine does, and the baseline, and the best mean is named.
    """
    world, draw = world_of(course).drawn(seed), random.Random(seed)
    rng = np.random.default_rng(seed)
    points = [world.baseline_point, *(world.searched.draw(draw) for _ in range(n_trials - 1))]
    truths, seconds = world.values(points), world.seconds(points)
    epochs = truths.shape[1]

    def trained(number: int, luck: int) -> np.ndarray:
        return world.with_luck(truths[number], rng, derived_seed(seed, luck))

    seen = np.array([trained(number, number) for number in range(n_trials)])
    going, spent = np.arange(n_trials), 0.0
    for epoch in range(epochs):
        spent += float(seconds[going].sum())
        best_first = going[np.argsort(-seen[going, epoch])]
        going = best_first[: max(confirm, round(share * len(going)))]
    best = going[:confirm]
    again = [[trained(n, n_trials + RUNS * n + k)[-1] for k in range(RUNS)] for n in best]
    spent += RUNS * epochs * float(seconds[[0, *best]].sum())
    means = [np.mean([seen[n, -1], *runs]) for n, runs in zip(best, again, strict=True)]
    return Reached(spent, float(truths[best[int(np.argmax(means))], -1]))


def by_chance(course: Course, n_trials: int, seed: int) -> list[Reached]:
    """Search at random, one trial after another, none pruned; gives the state after each."""
    world, draw = world_of(course).drawn(seed), random.Random(seed)
    rng = np.random.default_rng(seed)
    points = [world.searched.draw(draw) for _ in range(n_trials)]
    truths = world.values(points)
    values = [
        world.with_luck(true, rng, derived_seed(seed, number))[-1]
        for number, true in enumerate(truths)
    ]
    named = [int(np.argmax(values == best)) for best in np.maximum.accumulate(values)]
    spent = np.cumsum(world.seconds(points)) * len(world.models)
    return [Reached(*pair) for pair in zip(spent, truths[named, -1], strict=True)]


def _stop_rule(
    way: Way, study: optuna.Study, confirmation: Confirmation | None
) -> Callable[[Slots], bool]:
    """Give what says that a search ends before its slots are spent."""
    if way.stagnation is not None:
        terminator = Terminator(BestValueStagnationEvaluator(way.stagnation))
        return lambda slots: terminator.should_terminate(study)
    limits, began = Limits(patience=way.patience), datetime.now()
    return lambda slots: bool(limit_reached(slots, limits, "maximize", began, confirmation))


@dataclass
class Running:
    """A trial under way, with the epochs that it has begun."""

    trial: optuna.Trial
    is_again: bool
    intermediate: list[int] = field(default_factory=list)

    def __lt__(self, other: "Running") -> bool:
        return self.trial.number < other.trial.number


def _started(
    way: Way,
    world: World,
    study: optuna.Study,
    queue: Queue,
    claim: Claim,
    known: KnownPoints,
    seed: int,
    rng: np.random.Generator,
) -> tuple[Running, np.ndarray, float] | None:
    number = queue._claimed(claim)  # nobody else is there to lock out
    if number is None or any(number == t.number for t in queue.slots.open.values()):
        return None
    own = derived_seed(seed, number)
    known.look(queue.look(), number)
    inner = make_sampler(way.sampler, own, seed)
    study = optuna.load_study(  # one of its own, as in a worker: Optuna keeps what it has read
        study_name=study.study_name,
        storage=study._storage,
        sampler=FeasibleSampler(inner, known, lambda point: None, own),
        pruner=study.pruner,
    )
    trial = optuna.Trial(study, queue.id_of(number))
    params = world.searched.suggest(trial)
    is_again = TrialAttr.CONFIRMS in trial.user_attrs
    luck = derived_seed(seed, 0) if way.common_seed and not is_again else own
    curve = world.with_luck(world.values([params])[0], rng, luck)
    return Running(trial, is_again), curve, float(world.seconds([params])[0])


def _is_over(running: Running, curve: np.ndarray, step: int, study: optuna.Study) -> bool:
    trial, value = running.trial, float(curve[step - 1])
    trial.report(value, step)
    if step == len(curve):
        study.tell(trial.number, value)
        return True
    if not running.is_again and trial.should_prune():
        study.tell(trial.number, state=TrialState.PRUNED)
        return True
    return False


def _named(words: list[str]) -> Named:
    pairs = (word.split("=", 1) for word in words[1:])
    return Named(words[0], {key: json.loads(value) for key, value in pairs})


def ways() -> list[Way]:
    """Give the field of the standard race."""
    cma, median = Named("cmaes"), Named("median")
    gentle = Named("percentile")
    return [
        Way("random", Named("random"), baseline_first=False),
        Way("random, confirmed", Named("random"), confirm=3),
        Way("random, worst quarter pruned, confirmed", Named("random"), gentle, confirm=3),
        Way("quasi-random, confirmed", Named("qmc"), confirm=3),
        Way("CMA-ES, confirmed", cma, confirm=3),
        Way("CMA-ES, worst quarter pruned, confirmed", cma, gentle, confirm=3),
        Way("CMA-ES, median, confirmed", cma, median, confirm=3),
        Way("CMA-ES", cma),
        Way("TPE, confirmed", TPE, confirm=3),
        Way("TPE, worst quarter pruned, confirmed", TPE, gentle, confirm=3),
        Way("TPE, median, confirmed", TPE, median, confirm=3),
        Way("TPE, median", TPE, median),
        Way("TPE", TPE),
        Way("random, half goes on after each epoch, confirmed", confirm=3, rungs=1 / 2),
        Way("random, a third goes on after each epoch, confirmed", confirm=3, rungs=1 / 3),
        Way("Optuna's defaults", TPE, median, baseline_first=False),
        Way("CMA-ES, confirmed, patience 10", cma, confirm=3, patience=10),
        Way("CMA-ES, confirmed, patience 20", cma, confirm=3, patience=20),
        Way("CMA-ES, confirmed, Optuna's terminator", cma, confirm=3, stagnation=STAGNATION),
    ]


def _swept(job: tuple[Way, Course, int, int]) -> Reached | None:
    return replay(*job)


def _drawn(job: tuple[Course, int, int]) -> list[Reached]:
    return by_chance(*job)


def main() -> None:
    """Race and print the tables."""
    parser = options(__doc__)
    parser.add_argument("--space", choices=SPACES, default="wide")
    parser.add_argument("--tables", type=Path, nargs="+", default=(), help="others, of any space")
    parser.add_argument("--truth", choices=("process", "forest"), default="process")
    parser.add_argument("--replays", type=int, default=200)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="n_trials")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--ways", nargs="+", metavar="NAME", help="only these of the field")
    parser.add_argument("--sampler", nargs="+", metavar=("NAME", "KEY=JSON"))
    parser.add_argument("--pruner", nargs="+", metavar=("NAME", "KEY=JSON"), default=["none"])
    parser.add_argument("--confirm", type=int, default=0)
    parser.add_argument("--common-seed", action="store_true")
    parser.add_argument("--patience", type=int)
    given = parser.parse_args()
    field_ = ways()
    if unknown := {*(given.ways or ())} - {way.name for way in field_}:
        parser.error(f"--ways: expected some of {[w.name for w in field_]}; received {unknown}")
    if given.sampler:
        sampler, pruner = _named(given.sampler), _named(given.pruner)
        options_ = (given.confirm, given.common_seed, True, given.patience)
        field_ = [field_[0], Way("this", sampler, pruner, *options_)]
    elif given.ways:
        field_ = [way for way in field_ if way.name in given.ways]
    course = Course(given.space, tuple(given.tables), given.truth)
    for line in judged(course):
        print(line, flush=True)
    with ProcessPoolExecutor(given.processes) as pool:
        race(pool, field_, course, sorted(given.sizes), given.replays)


def race(
    pool: ProcessPoolExecutor, field_: list[Way], course: Course, sizes: list[int], replays: int
) -> None:
    """Print a line a way and size, then what each way spends until it is as good as chance."""
    longest = max(3 * max(sizes) // 2, REFERENCE)
    draws = [(course, longest, seed) for seed in range(CHANCES * replays)]
    chances = list(pool.map(_drawn, draws, chunksize=8))
    reached: dict[str, list[Reached]] = {}
    print("way | trials | spent | true value of the best | random for the same | difference")
    for way in field_:
        for size in sizes:
            jobs = [(way, course, size, 10_000 + seed) for seed in range(replays)]
            ends = [found for found in pool.map(_swept, jobs, chunksize=4) if found]
            spent, values = (np.array([getattr(e, n) for e in ends]) for n in ("spent", "value"))
            chance = np.array([_at(curve, float(spent.mean())) for curve in chances])
            gap = values.mean() - chance.mean()
            error = np.sqrt(values.var(ddof=1) / len(values) + chance.var(ddof=1) / len(chance))
            reached.setdefault(way.name, []).append(Reached(spent.mean(), values.mean()))
            print(
                f"{way.name} | {size} | {spent.mean():.1f} | {values.mean():.4f} "
                f"+- {1.96 * values.std(ddof=1) / np.sqrt(len(values)):.4f} | "
                f"{chance.mean():.4f} | {100 * gap:+.2f} +- {196 * error:.2f} points",
                flush=True,
            )
    winners = [curve[REFERENCE - 1] for curve in chances]
    target = Reached(fmean(w.spent for w in winners), fmean(w.value for w in winners))
    print(
        f"way | spent until as good as random search's winner of {REFERENCE} trials, "
        f"{target.value:.4f} | how many times as much that spends, {target.spent:.1f}"
    )
    for name, means in reached.items():
        print(f"{name} | {_until(target, means)}")


def _until(target: Reached, means: Sequence[Reached]) -> str:
    """Say what a way spends until its mean true value is the target's, and how many times as
    much random search spends."""
    if means[0].value >= target.value:
        most = means[0].spent
        return f"at most {most:.1f} | at least {target.spent / most:.1f}"
    for before, after in pairwise(means):
        if after.value >= target.value:
            share = (target.value - before.value) / (after.value - before.value)
            spent = before.spent + share * (after.spent - before.spent)
            return f"{spent:.1f} | {target.spent / spent:.1f}"
    return f"more than {means[-1].spent:.1f} | less than {target.spent / means[-1].spent:.1f}"


def _at(curve: list[Reached], spent: float) -> float:
    """Give the true value of the best once ``spent`` was spent."""
    reached = [state.value for state in curve if state.spent <= spent]
    return reached[-1] if reached else curve[0].value


if __name__ == "__main__":
    main()
