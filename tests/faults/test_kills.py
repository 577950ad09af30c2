"""A kill between the two stores' writes, two drivers at once, a database that is locked."""

import os
import sqlite3
import time
from collections import Counter
from contextlib import closing

import pytest
from optuna.trial import TrialState
from small import HANGS

from .conftest import SMALL, SWEEP, Workplace

ONE = (*SWEEP, "hydra.sweeper.workers=1")
NAMELESS = "before the trial names its run"
POINTS = (
    *("in the run's end", "before the run's end", "before the tell", "after the tell"),
    NAMELESS,
)

# The full half minute takes a while: RCNN_SWEEP_TEST_LOCK_SECONDS=30.
LOCK_SECONDS = float(os.environ.get("RCNN_SWEEP_TEST_LOCK_SECONDS", "4"))


@pytest.mark.slow
def test_kill_between_the_ends_of_run_and_trial_is_reconciled(place: Workplace) -> None:
    command = (*ONE, f"hydra.sweeper.n_trials={len(POINTS)}")
    for point in POINTS:
        place.run(*command, killed_at=point, code=-9)
    place.run(*command)
    place.check_that_both_stores_agree(len(POINTS))
    lost = place.trials(TrialState.FAIL)
    assert [t.number for t in lost] == [
        POINTS.index("before the run's end"),
        POINTS.index(NAMELESS),
    ]
    assert {t.user_attrs["failure"] for t in lost} == {"interrupted"}
    recovered = [t.number for t in place.trials() if t.user_attrs.get("recovered")]
    assert recovered == [0, 2], "what MLflow had in full was told, not trained again"
    assert len(place.runs("trial")) == len(POINTS) + len(lost)


@pytest.mark.slow
def test_two_drivers_start_one_study_on_a_fresh_checkout(fresh: Workplace) -> None:
    command = (*ONE, "hydra.sweeper.n_trials=4")
    drivers = [fresh.start(*command) for _ in range(2)]
    for driver in drivers:
        out, err = driver.communicate(timeout=HANGS)
        assert driver.returncode == 0, out + err
    fresh.check_that_both_stores_agree(4)
    assert len(fresh.trials()) == len(fresh.runs("trial")) == 4
    assert [trial.number for trial in fresh.trials()] == [0, 1, 2, 3]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mlflow.db", "studies.db"])
def test_locked_database_is_waited_for(place: Workplace, name: str) -> None:
    driver = place.start(*ONE, "hydra.sweeper.n_trials=2")
    place.wait_until(driver, lambda: place.trials(TrialState.RUNNING))
    with closing(sqlite3.connect(place.folder / name, isolation_level=None)) as other:
        place.wait_until(driver, lambda: locked(other))
        time.sleep(LOCK_SECONDS)
        other.execute("ROLLBACK")
    out, err = driver.communicate(timeout=HANGS)
    assert driver.returncode == 0, out + err
    place.check_that_both_stores_agree(2)
    assert Counter(trial.state.name for trial in place.trials()) == {"COMPLETE": 2}


def locked(database: sqlite3.Connection) -> bool:
    try:
        database.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        return False
    return True


@pytest.mark.slow
def test_studies_shows_what_died_and_ends_it_on_request(place: Workplace) -> None:
    command = (*ONE, "hydra.sweeper.n_trials=2")
    place.run(*command, killed_at="before the tell", code=-9)
    place.run(*SMALL, killed_at="before the run's end", code=-9)
    [orphan] = place.trials(TrialState.RUNNING)
    told = place.run("studies")
    assert f"dead:   trial {orphan.number} says RUNNING" in told
    assert told.count("MLflow run ") == 1, "the single run, which has ended the study's own"
    ended = place.run("studies", "--reap")
    assert "reaped: 1 trial(s), 1 run(s) besides theirs" in ended
    assert f"s: trial {orphan.number} ended as COMPLETE: its record held the result" in ended
    statuses = [run.info.status for kind in ("run", "study") for run in place.runs(kind).values()]
    assert statuses == ["KILLED", "KILLED"]
    assert "RUNNING" not in place.run("studies")
    place.run(*command)
    place.check_that_both_stores_agree(2)
