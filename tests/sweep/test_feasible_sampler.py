"""No slot is spent on a point that was tried before while there are others."""

from collections.abc import Callable
from types import SimpleNamespace

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, IntDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler

from rcnn_sweep.sweep.feasibility import FeasibilityCheck, FeasibleSampler, KnownPoints
from rcnn_sweep.sweep.planning.planner import _every_point
from rcnn_sweep.sweep.space import Params
from rcnn_sweep.sweep.space.space import Parameter, Space
from rcnn_sweep.sweep.study import Slots

optuna.logging.set_verbosity(optuna.logging.WARNING)

Reason = Callable[[Params], str | None]


def integers(**ends: int) -> Space:
    return Space([Parameter(key, IntDistribution(1, end)) for key, end in ends.items()])


def peak(params: Params) -> float:
    return -sum((float(value or 0) - 4) ** 2 for value in params.values())


def drawn(
    space: Space,
    n_trials: int,
    sampler: Callable[[int], BaseSampler],
    reason: Reason = lambda _: None,
) -> list[Params]:
    """Run a study as a worker does: a sampler made anew for each trial."""
    study = optuna.create_study(direction="maximize")
    known, slots = KnownPoints(space), Slots()
    for number in range(n_trials):
        slots.update(study.get_trials(deepcopy=False), {})
        known.look(slots, number)
        study.sampler = FeasibleSampler(sampler(number), known, reason, number)
        trial = study.ask()
        study.tell(trial, peak(space.suggest(trial)))
    return [trial.params for trial in study.trials]


def tpe(number: int) -> BaseSampler:
    return TPESampler(seed=number, n_startup_trials=5, multivariate=True)


def repeats(space: Space, points: list[Params]) -> int:
    return len(points) - len({space.identity(point) for point in points})


def test_each_trial_is_a_new_point_and_the_same_again_for_the_same_seed() -> None:
    space = integers(x=13, y=13, z=5)
    points = drawn(space, 60, tpe)
    assert repeats(space, points) == 0
    assert points == drawn(space, 60, tpe)


def test_small_space_is_tried_in_full_before_a_point_comes_again() -> None:
    space = integers(x=3, y=2)
    points = drawn(space, 9, lambda number: RandomSampler(seed=number))
    assert repeats(space, points[:6]) == 0
    assert repeats(space, points) == 3


def test_a_small_space_tells_its_possible_points_in_order_each_judged_once() -> None:
    judged = []
    composer = SimpleNamespace(task=lambda point: point)
    hooks = SimpleNamespace(
        validate=lambda point: judged.append(point) or ("too large" if point["x"] == 2 else None)
    )
    space = integers(x=3)
    found = FeasibilityCheck(composer, hooks).infeasible(space, 0)  # type: ignore[arg-type]
    assert found.possible == ({"x": 1}, {"x": 3})
    assert (found.impossible, found.checked, found.is_complete) == (1, 3, True)
    points = _every_point(space, found)
    assert points == [{"x": 1}, {"x": 3}]
    assert len(judged) == 3


def test_impossible_points_are_judged_once_and_tried_never() -> None:
    space = integers(x=40)
    judged: list[object] = []

    def reason(params: Params) -> str | None:
        judged.append(params["x"])
        return "odd" if int(params["x"] or 0) % 2 else None

    points = drawn(space, 25, lambda number: RandomSampler(seed=number), reason)
    assert {point["x"] for point in points} == set(range(2, 41, 2))
    odd = [value for value in judged if int(str(value)) % 2]
    assert len(odd) == len(set(odd))


def test_points_that_differ_by_rounding_alone_are_one() -> None:
    space = Space(
        [
            Parameter("a", CategoricalDistribution([0.30000000000000004, 1.0])),
            Parameter("b", IntDistribution(1, 2), {"a": (1.0,)}),
        ]
    )
    assert space.identity({"a": 0.3}) == space.identity({"a": 0.1 + 0.2})
    assert space.identity({"a": 1.0, "b": 1}) != space.identity({"a": 1.0})


@pytest.mark.parametrize("name", ["random", "tpe"])
def test_a_trial_that_died_between_two_suggestions_keeps_its_value_and_stays_possible(
    name: str,
) -> None:
    space = integers(x=40, y=40)

    def reason(params: Params) -> str | None:
        return None if int(params["y"] or 0) == int(params["x"] or 0) else "x is not y"

    study = optuna.create_study()
    for number in range(12):
        inner = tpe(number) if name == "tpe" else RandomSampler(seed=number)
        study.sampler = FeasibleSampler(inner, KnownPoints(space), reason, number)
        study.enqueue_trial({"x": number + 1})
        trial = study.ask()
        assert space.suggest(trial) == {"x": number + 1, "y": number + 1}
        study.tell(trial, 0.0)
