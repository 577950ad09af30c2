"""``n_trials`` is the study's total, whoever works on it and however often."""

import os
import signal
from collections import Counter

import pytest
from optuna.trial import TrialState
from small import HANGS

from .conftest import Toy

FULL = ("hydra.sweeper.study_name=s", "hydra.sweeper.pruner.name=none")
DONE = (TrialState.COMPLETE, TrialState.PRUNED)


@pytest.mark.slow
def test_eight_workers_run_exactly_n_trials_once(toy: Toy) -> None:
    toy.run(*FULL, "hydra.sweeper.workers=8", "hydra.sweeper.n_trials=40",
            "hydra.sweeper.reuse_duplicates=false", "seconds=0.02")  # fmt: skip
    assert [t.number for t in toy.trials(*DONE)] == list(range(40))
    assert Counter(int(call[0]) for call in toy.calls()) == Counter(range(40))


def test_first_trial_is_the_baseline(toy: Toy) -> None:
    toy.run(*FULL, "hydra.sweeper.workers=1", "hydra.sweeper.n_trials=2", "x=6")
    assert toy.trials()[0].params == {"x": 6, "y": 1.0}
    assert toy.study().user_attrs["record"]["space"]["x"] == "whole number from 2 to 10"


def test_comma_lists_and_ranges_are_exactly_that_grid(toy: Toy) -> None:
    toy.run("hydra.sweeper.study_name=s", "hydra.sweeper.workers=2", "x=1,2,3", "y=range(1,3)")
    points = [(t.params["x"], t.params["y"]) for t in toy.trials(TrialState.COMPLETE)]
    assert points == [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2)]
    assert len(toy.trials()) == 6


@pytest.mark.slow
def test_same_command_again_runs_nothing(toy: Toy) -> None:
    command = ("hydra.sweeper.workers=1", "hydra.sweeper.n_trials=3")
    toy.run(*command)
    calls = toy.calls()
    assert "resumed: 3 complete" in toy.run(*command)
    assert toy.calls() == calls


@pytest.mark.slow
def test_raised_n_trials_adds_only_the_difference(toy: Toy) -> None:
    toy.run(*FULL, "hydra.sweeper.workers=1", "hydra.sweeper.n_trials=2")
    toy.run(*FULL, "hydra.sweeper.workers=1", "hydra.sweeper.n_trials=4")
    assert [t.number for t in toy.trials(*DONE)] == [0, 1, 2, 3]


@pytest.mark.slow
def test_two_drivers_on_one_fresh_study_share_the_total(toy: Toy) -> None:
    command = (*FULL, "hydra.sweeper.workers=2", "hydra.sweeper.n_trials=12", "seconds=0.05",
               "hydra.sweeper.reuse_duplicates=false")  # fmt: skip
    drivers = [toy.start(*command) for _ in range(2)]
    for driver in drivers:
        out, err = driver.communicate(timeout=HANGS)
        assert driver.returncode == 0, out + err
    assert [t.number for t in toy.trials(*DONE)] == list(range(12))
    assert Counter(int(call[0]) for call in toy.calls()) == Counter(range(12))


@pytest.mark.slow
def test_killed_driver_loses_and_repeats_nothing_that_had_ended(toy: Toy) -> None:
    command = (*FULL, "hydra.sweeper.workers=2", "hydra.sweeper.n_trials=8", "seconds=0.4",
               "hydra.sweeper.reuse_duplicates=false")  # fmt: skip
    driver = toy.start(*command)
    toy.wait_until(driver, lambda: len(toy.calls("end")) >= 3)
    driver.kill()
    driver.communicate()
    ended = {t.number: t.value for t in toy.trials(*DONE)}
    toy.run(*command)
    after = toy.trials(*DONE)
    assert len(after) == 8 and not toy.trials(TrialState.RUNNING, TrialState.WAITING)
    assert {t.number: t.value for t in after if t.number in ended} == ended
    assert Counter(int(call[0]) for call in toy.calls()).most_common(1)[0][1] == 1


@pytest.mark.slow
def test_killed_in_process_driver_is_reaped_at_the_next_start(toy: Toy) -> None:
    command = (*FULL, "hydra.sweeper.workers=1", "hydra.sweeper.n_trials=3", "seconds=1")
    driver = toy.start(*command)
    toy.wait_until(driver, lambda: len(toy.calls()) == 2)
    os.kill(driver.pid, signal.SIGKILL)
    driver.communicate()
    toy.run(*command)
    (orphan,) = toy.trials(TrialState.FAIL)
    assert orphan.number == 1 and orphan.user_attrs["reason"].startswith("its process died")
    (retry,) = [t for t in toy.trials() if t.user_attrs.get("retry_of") == 1]
    assert retry.params == orphan.params and retry.state is TrialState.COMPLETE
    assert len(toy.trials(*DONE)) == 3
