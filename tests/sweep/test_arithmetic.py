"""The numbers of a study, computed once for the sweep and for its report."""

from dataclasses import replace
from pathlib import Path

import pytest

from rcnn_sweep.sweep import StudySnapshot, TrialSnapshot, counts, gain, pruning
from rcnn_sweep.sweep.findings import best_of, counts_and_repeats, trial_at

EMPTY = TrialSnapshot(
    number=0, state="complete", params={}, values=(), steps={}, started=None, seconds=None,
    slot=None, retry_of=None, duplicate_of=None, run_id=None, seed=None, worker=None, reason="",
)  # fmt: skip


def trial(
    number: int, state: str, slot: int | None, *values: float, steps: int = 0
) -> TrialSnapshot:
    reported = dict.fromkeys(range(1, steps + 1), 0.5)
    return replace(
        EMPTY, number=number, state=state, slot=slot, values=values, steps=reported,
        params={"x": number}, seconds=2.0 * steps,
    )  # fmt: skip


TRIALS = [
    trial(0, "complete", 0, 0.7, steps=4),
    trial(1, "failed", 1),
    trial(2, "pruned", 2, 0.4, steps=1),
    trial(3, "complete", 1, 0.9, steps=4),
    replace(trial(4, "complete", 3, 0.9, steps=4), duplicate_of=3),
    trial(5, "waiting", 4),
]


def study(direction: str, best: TrialSnapshot, baseline: TrialSnapshot | None) -> StudySnapshot:
    return StudySnapshot(
        name="s", storage="", directions=(direction,), metrics=("m",), trials=(), best=(best,),
        baseline=baseline, record={}, parent={}, command="", directory=Path(), is_search=True,
    )  # fmt: skip


def test_slots_are_counted_by_their_last_trial_and_earlier_ones_as_repeats() -> None:
    assert counts(TRIALS) == {"complete": 3, "pruned": 1, "waiting": 1}
    assert list(counts(reversed(TRIALS))) == ["complete", "pruned", "failed", "waiting"]
    assert counts_and_repeats(TRIALS) == {"complete": 3, "pruned": 1, "waiting": 1, "repeated": 1}
    assert "repeated" not in counts_and_repeats(TRIALS[:3])


def test_trials_of_another_program_count_one_each() -> None:
    foreign = [trial(0, "complete", None, 0.1), trial(1, "complete", None, 0.2)]
    assert counts(foreign) == {"complete": 2}
    assert counts([*foreign, trial(2, "complete", 1, 0.3)]) == {"complete": 3}


@pytest.mark.parametrize(("direction", "number"), [("maximize", 3), ("minimize", 0)])
def test_best_is_the_earliest_of_equals_in_the_direction(direction: str, number: int) -> None:
    assert [t.number for t in best_of(TRIALS, [direction])] == [number]
    assert best_of(TRIALS[1:3], [direction]) == []


def test_front_holds_what_nothing_betters_in_all_objectives() -> None:
    values = [(1.0, 5.0), (2.0, 6.0), (1.0, 6.0), (0.5, 4.0)]
    trials = [trial(n, "complete", n, *both) for n, both in enumerate(values)]
    assert [t.number for t in best_of(trials, ["maximize", "minimize"])] == [0, 1, 3]


def test_gain_is_positive_where_the_best_betters_the_baseline() -> None:
    low, high = TRIALS[0], TRIALS[3]
    assert gain(study("maximize", high, low)) == pytest.approx(0.2)
    assert gain(study("minimize", low, high)) == pytest.approx(0.2)
    assert gain(study("maximize", high, None)) is None


def test_pruning_counts_own_trials_against_the_longest_complete_one() -> None:
    saved = pruning(TRIALS)
    assert (saved.pruned, saved.ended, saved.run, saved.full) == (1, 3, 9, 12)
    assert saved.saved == pytest.approx(0.25)
    assert saved.seconds_a_step == 2.0
    assert pruning([]).saved == 0.0
    stopped = trial(9, "complete", 9, 0.6, steps=2)  # it had no patience left: nothing was pruned
    assert (pruning([*TRIALS, stopped]).run, pruning([*TRIALS, stopped]).full) == (11, 14)


def test_trial_at_a_point_is_the_first_complete_one() -> None:
    assert trial_at(TRIALS, {"x": 3}) is TRIALS[3]
    assert trial_at(TRIALS, {"x": 1}) is None, "it failed"
    assert trial_at(TRIALS, None) is None
