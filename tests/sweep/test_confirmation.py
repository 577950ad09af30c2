"""The best points and the baseline are run again: which, when, and what is then said of them."""

from dataclasses import replace
from statistics import fmean

import numpy as np
import pytest
from optuna.trial import TrialState

from rcnn_sweep.sweep import TrialSnapshot
from rcnn_sweep.sweep.findings import best_of, gain, standing_of, standings, to_confirm
from rcnn_sweep.sweep.study import Confirmation

from .conftest import Toy
from .test_arithmetic import study, trial

BOTH_WAYS = pytest.mark.parametrize(("direction", "sign"), [("maximize", 1), ("minimize", -1)])


def again(number: int, first: int, *values: float, state: str = "complete") -> TrialSnapshot:
    made = trial(number, state, number, *values)
    return replace(made, confirms=first, params={"x": first})


@BOTH_WAYS
def test_without_repeats_a_point_stands_by_its_value(direction: str, sign: int) -> None:
    trials = [trial(n, "complete", n, sign * v) for n, v in enumerate((0.7, 0.9, 0.9, 0.8))]
    found = standings([*trials, trial(4, "pruned", 4)], direction)
    assert [s.trial.number for s in found] == [1, 2, 3, 0]
    assert [s.estimate for s in found] == [sign * v for v in (0.9, 0.9, 0.8, 0.7)]
    assert not any(s.is_confirmed or s.interval for s in found)


@BOTH_WAYS
def test_a_lucky_point_loses_its_place_once_it_is_run_again(direction: str, sign: int) -> None:
    values = (0.80, 0.95, 0.90, 0.85, 0.82)
    trials = [trial(n, "complete", n, sign * v) for n, v in enumerate(values)]
    trials += [again(5, 1, sign * 0.80), again(6, 2, sign * 0.91), again(7, 1, sign * 0.81)]
    assert [t.number for t in best_of(trials, [direction])] == [2]
    best = next(s for s in standings(trials, direction) if s.trial.number == 2)
    assert best.values == (sign * 0.90, sign * 0.91)
    assert best.interval is not None and best.interval[0] < best.estimate < best.interval[1]
    assert sign * best.estimate < sign * fmean(best.values)  # drawn towards the others


def test_the_estimates_of_chosen_points_are_not_flattered_and_their_intervals_hold() -> None:
    """The best of thirty by single values, run again twice: mean and estimate against the truth."""
    rng, raw, drawn, held = np.random.default_rng(0), [], [], []
    for _ in range(400):
        truth = rng.normal(0.80, 0.01, 30)
        truth = np.where(truth < 0.80, 0.80 - 6 * (0.80 - truth), truth)  # some learn nothing
        values = truth + rng.normal(0, 0.01, 30)
        trials = [trial(n, "complete", n, v) for n, v in enumerate(values)]
        chosen = np.argsort(-values)[:4]
        trials += [
            again(30 + place, int(n), float(truth[n] + rng.normal(0, 0.01)))
            for place, n in enumerate((*chosen, *chosen))
        ]
        best = standings(trials, "maximize")[0]
        true = truth[best.trial.number]
        raw.append(best.values[0] - true)
        drawn.append(best.estimate - true)
        low, high = best.interval or (0.0, 0.0)
        held.append(low <= true <= high)
    assert np.mean(raw) > 0.006
    assert abs(np.mean(drawn)) < 0.0015
    assert np.mean(held) > 0.9


@BOTH_WAYS
def test_a_baseline_far_below_all_others_is_not_drawn_up_to_them(direction: str, sign: int) -> None:
    """As where a search over a network's options finds three points within its first trials."""
    rng, off, held = np.random.default_rng(1), [], []
    for _ in range(200):
        truth = np.array([0.885, *rng.normal(0.918, 0.003, 25)])
        values = sign * (truth + rng.normal(0, 0.003, 26))
        trials = [trial(n, "complete", n, v) for n, v in enumerate(values)]
        chosen = [0, *(1 + np.argsort(-sign * values[1:])[:3])]
        trials += [
            again(26 + place, int(n), float(sign * (truth[n] + rng.normal(0, 0.003))))
            for place, n in enumerate((*chosen, *chosen))
        ]
        base = next(s for s in standings(trials, direction) if s.trial.number == 0)
        assert base.interval is not None
        off.append(sign * base.estimate - 0.885)
        held.append(base.interval[0] <= sign * 0.885 <= base.interval[1])
    assert abs(np.mean(off)) < 0.001
    assert np.mean(held) > 0.9


def test_the_gain_is_that_of_the_estimates_where_both_were_run_again() -> None:
    trials = [trial(n, "complete", n, v) for n, v in enumerate((0.80, 0.90, 0.85, 0.83))]
    shown = study("maximize", trials[1], trials[0])
    assert gain(shown) == pytest.approx(0.10)
    trials += [again(4, 1, 0.86), again(5, 0, 0.82)]
    shown = replace(shown, standings=tuple(standings(trials, "maximize")))
    both = [standing_of(shown, t) for t in trials[:2]]
    assert both[0] is not None and both[1] is not None
    assert gain(shown) == pytest.approx(both[1].estimate - both[0].estimate)
    assert both[0].estimate == pytest.approx(0.81)  # below the middle: as its runs have it
    assert 0 < (gain(shown) or 0) < 0.07


def test_the_point_with_the_fewest_runs_is_next_those_under_way_counted() -> None:
    trials = [trial(n, "complete", n, v) for n, v in enumerate((0.7, 0.9, 0.8, 0.85))]

    def following(more: list[TrialSnapshot]) -> int | None:
        found = to_confirm([*trials, *more], "maximize", 2, {"x": 0})
        return found.number if found else None

    assert following([]) == 1
    assert following([again(4, 1, state="running")]) == 3
    assert following([again(4, 1, state="running"), again(5, 3, 0.85)]) == 0  # the baseline
    one = [again(4, 1, 0.9), again(5, 3, 0.85), again(6, 0, 0.7)]
    assert following(one) == 1
    assert to_confirm([], "maximize", 2, None) is None


def test_at_most_a_third_of_the_slots_is_spent_on_it() -> None:
    assert Confirmation(3, "maximize").slots(30) == range(22, 30)
    assert Confirmation(3, "maximize").slots(10) == range(7, 10)
    assert Confirmation(3, "maximize").slots(9) == range(6, 9)


@pytest.mark.parametrize("total", range(1, 9))
def test_a_search_of_few_trials_tries_new_points_only(total: int) -> None:
    assert len(Confirmation(3, "maximize").slots(total)) == 0


SEARCH = (
    "x=int(interval(1,8))", "y=interval(0.5,2.0)", "hydra.sweeper.confirm=2",
    "hydra.sweeper.study_name=s",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_last_slots_run_the_best_points_and_the_baseline_again(toy: Toy, workers: str) -> None:
    words = [*SEARCH, "hydra.sweeper.n_trials=12", f"hydra.sweeper.workers={workers}"]
    out = toy.run(*words, "steps=2", "hydra.sweeper.common_seed=true")
    trials = toy.trials()
    repeated = [t for t in trials if "confirms" in t.user_attrs]
    assert len(trials) == 12 and len(repeated) == 4
    assert {t.user_attrs["slot"] for t in repeated} == {8, 9, 10, 11}
    for one in repeated:
        assert one.params == trials[one.user_attrs["confirms"]].params
        assert one.state is TrialState.COMPLETE  # never pruned
    seeds = [t.user_attrs["seed"] for t in trials]
    assert len(set(seeds[:8])) == 1 and len({*seeds}) == 5
    assert 0 in {t.user_attrs["confirms"] for t in repeated}
    assert "run again" in out and " again) score=" not in out
    assert "(trial 0 again)" in out
    assert len(toy.calls()) == 12
    toy.run(*words[:-2], "hydra.sweeper.n_trials=15", "hydra.sweeper.workers=1", "steps=2",
            "hydra.sweeper.common_seed=true")  # fmt: skip
    assert len(toy.trials()) == 15
    assert sum("confirms" in t.user_attrs for t in toy.trials()) == 4 + 3


@pytest.mark.slow
def test_a_grid_has_each_point_once_and_a_plan_says_what_is_run_again(toy: Toy) -> None:
    out = toy.run(*SEARCH, "hydra.sweeper.n_trials=12", "hydra.sweeper.dry_run=true")
    assert "the best 2 and the baseline are run again in the last 4 trials" in out
    toy.run("x=1,2", "y=1.0", *SEARCH[2:], "hydra.sweeper.workers=1")
    assert [t.params["x"] for t in toy.trials()] == [1, 2]
