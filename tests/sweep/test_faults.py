"""Trials fail, workers die, users change their minds: the sweep answers each in its own way."""

import os
import signal
import sqlite3
import subprocess
import sys

import pytest
from optuna.trial import TrialState
from small import HANGS

from rcnn_sweep.sweep.storage.connection import open_storage
from rcnn_sweep.sweep.study.queue import Queue
from rcnn_sweep.sweep.study.trials import DEAD

from .conftest import Toy

BASE = ("hydra.sweeper.study_name=s", "hydra.sweeper.pruner.name=none")
ONE = (*BASE, "hydra.sweeper.workers=1")
CUT_OFF = """
import os, signal, sqlite3
database = sqlite3.connect("studies.db", isolation_level=None)
database.execute("PRAGMA cache_size=1")
database.execute("BEGIN EXCLUSIVE")
database.execute("CREATE TABLE junk (text)")
database.executemany("INSERT INTO junk VALUES (?)", [("x" * 1000,)] * 1000)
os.kill(os.getpid(), signal.SIGKILL)
"""
TWO = (*BASE, "hydra.sweeper.workers=2")


@pytest.mark.slow
def test_killed_worker_is_retried_once_and_takes_no_other_along(toy: Toy) -> None:
    driver = toy.start(*TWO, "hydra.sweeper.n_trials=6", "seconds=0.5",
                       "hydra.sweeper.reuse_duplicates=false")  # fmt: skip
    toy.wait_until(driver, lambda: len(toy.calls()) >= 3)
    number, pid = toy.calls()[-1][:2]
    os.kill(int(pid), signal.SIGKILL)
    out, err = driver.communicate(timeout=HANGS)
    assert driver.returncode == 0, out + err
    (failed,) = toy.trials(TrialState.FAIL)
    assert failed.number == int(number)
    assert failed.user_attrs["reason"] == f"its process died (worker {failed.user_attrs['worker']})"
    assert [t.user_attrs["retry_of"] for t in toy.trials() if "retry_of" in t.user_attrs] == [
        failed.number
    ]
    assert len(toy.trials(TrialState.COMPLETE)) == 6


@pytest.mark.slow
def test_trial_that_kills_its_worker_is_given_up_after_max_retries(toy: Toy) -> None:
    toy.run(
        *TWO, "fault=suicide", "hydra.sweeper.n_trials=1", "hydra.sweeper.max_retries=2", code=1
    )
    assert [t.user_attrs["failure"] for t in toy.trials()] == ["dead"] * 3
    assert [t.user_attrs.get("retry_of") for t in toy.trials()] == [None, 0, 1]


@pytest.mark.slow
def test_out_of_memory_is_retried(toy: Toy) -> None:
    toy.run(*ONE, "fault=memory_once", "hydra.sweeper.n_trials=2")
    assert [t.state.name for t in toy.trials()] == ["FAIL", "COMPLETE", "COMPLETE"]
    assert toy.trials()[0].user_attrs["reason"] == "MemoryError: no memory"
    assert toy.trials()[1].user_attrs["retry_of"] == 0


@pytest.mark.slow
def test_error_fails_its_trial_alone_with_reason_and_traceback(toy: Toy) -> None:
    out = toy.run(*ONE, "fault=error_above_5", "hydra.sweeper.n_trials=10",
                  "hydra.sweeper.sampler.name=random")  # fmt: skip
    failed = toy.trials(TrialState.FAIL)
    assert failed and all(t.params["x"] > 5 for t in failed)
    assert len(toy.trials()) == 10, "a deterministic failure is not retried"
    assert failed[0].user_attrs["reason"] == "ValueError: x is too large"
    text = (toy.directory / "multirun" / "s" / str(failed[0].number) / "failure.txt").read_text()
    assert "misbehave" in text and "misbehave" in failed[0].user_attrs["traceback"]
    assert f"{len(failed)} failed" in out


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_exit_within_the_task_is_its_trials_own_error(toy: Toy, workers: int) -> None:
    out = toy.run(*BASE, f"hydra.sweeper.workers={workers}", "fault=exit_at_2", "x=1,2,3")
    assert [t.state.name for t in toy.trials()] == ["COMPLETE", "FAIL", "COMPLETE"]
    failed = toy.trials()[1]
    assert failed.user_attrs["failure"] == "error"
    assert failed.user_attrs["reason"] == "SystemExit: 3"
    assert "misbehave" in failed.user_attrs["traceback"]
    assert "study s complete: 2 complete, 1 failed" in out
    assert len({call[1] for call in toy.calls()}) <= workers, "the worker went on"


def test_app_that_cannot_be_copied_is_a_mistake_before_anything_exists(toy: Toy) -> None:
    out = toy.run(*TWO, "fault=lock", code=2)
    assert "its global LOCK cannot be copied (TypeError: cannot pickle '_thread.lock'" in out
    assert "hydra.sweeper.workers=1" in out and "Traceback" not in out
    assert not list(toy.directory.iterdir())


@pytest.mark.slow
def test_failures_in_a_row_stop_the_sweep(toy: Toy) -> None:
    out = toy.run(*ONE, "fault=error", "hydra.sweeper.max_failures=3", code=1)
    assert len(toy.trials(TrialState.FAIL)) == 3
    assert "3 trials failed in a row" in out


@pytest.mark.slow
def test_nan_fails_the_trial(toy: Toy) -> None:
    toy.run(*ONE, "fault=not_finite", "hydra.sweeper.n_trials=2", code=1)
    assert {t.user_attrs["reason"] for t in toy.trials()} == {"objective is nan at step 1"}


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_mistake_shared_by_all_trials_stops_at_once(toy: Toy, workers: int) -> None:
    out = toy.run(*BASE, "fault=user", f"hydra.sweeper.workers={workers}", code=2)
    assert "data.path must exist" in out
    assert 1 <= len(toy.trials(TrialState.FAIL)) <= workers


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("workers", [1, 2])
def test_interruption_is_recorded_and_resumed(
    toy: Toy, workers: int, number: signal.Signals, code: int
) -> None:
    command = (*BASE, f"hydra.sweeper.workers={workers}", "hydra.sweeper.n_trials=4", "seconds=0.6")
    driver = toy.start(*command)
    toy.wait_until(driver, lambda: len(toy.calls()) > workers)
    driver.send_signal(number)
    out, err = driver.communicate(timeout=30)
    assert driver.returncode == code, out + err
    assert "resume:" in out
    interrupted = toy.trials(TrialState.FAIL)
    assert {t.user_attrs["failure"] for t in interrupted} == {"interrupted"}
    assert not toy.trials(TrialState.RUNNING)
    toy.run(*command)
    assert len(toy.trials(TrialState.COMPLETE)) == 4
    assert {t.user_attrs["retry_of"] for t in toy.trials() if "retry_of" in t.user_attrs} == {
        t.number for t in interrupted
    }


@pytest.mark.slow
def test_second_interrupt_ends_at_once(toy: Toy) -> None:
    driver = toy.start(*TWO, "seconds=60", "steps=1")
    toy.wait_until(driver, lambda: len(toy.calls()) == 2)
    driver.send_signal(signal.SIGINT)
    try:
        driver.communicate(timeout=0.05)
    except subprocess.TimeoutExpired:
        driver.send_signal(signal.SIGINT)
    driver.communicate(timeout=10)
    assert driver.returncode == 130


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("steps=5", "config.steps: 4 -> 5"),
        ("hydra.sweeper.direction=minimize", "direction: ['maximize'] -> ['minimize']"),
        ("hydra.sweeper.metric=cost", "metric: ['score'] -> ['cost']"),
        ("x=choice(4,5)", "space.x: whole number from 1 to 8 -> one of 4, 5"),
    ],
)
def test_changed_study_is_refused_with_a_diff(toy: Toy, change: str, line: str) -> None:
    toy.run(*ONE, "hydra.sweeper.n_trials=1")
    out = toy.run(*ONE, "hydra.sweeper.n_trials=1", change, code=2)
    assert line in out and "hydra.sweeper.study_name=s-2" in out


@pytest.mark.slow
def test_damaged_database_is_named_and_left_alone(toy: Toy) -> None:
    database = toy.directory / "studies.db"
    database.write_bytes(b"not a database" * 1000)
    assert str(database) in toy.run(*ONE, code=2)
    assert database.read_bytes() == b"not a database" * 1000


@pytest.mark.slow
def test_transaction_cut_off_by_a_kill_is_rolled_back(toy: Toy) -> None:
    toy.run(*ONE, "hydra.sweeper.n_trials=1")
    subprocess.run([sys.executable, "-c", CUT_OFF], cwd=toy.directory, check=False)
    assert (toy.directory / "studies.db-journal").stat().st_size
    toy.run(*ONE, "hydra.sweeper.n_trials=2")
    assert len(toy.trials(TrialState.COMPLETE)) == 2


@pytest.mark.slow
def test_password_is_never_shown(toy: Toy) -> None:
    out = toy.run(*ONE, "hydra.sweeper.storage=postgresql://u:secret@127.0.0.1:1/db", code=2)
    assert "secret" not in out


def test_no_file_of_a_sweep_has_the_secret_of_its_storage(toy: Toy) -> None:
    address = "sqlite:///kept.db?password=correct-horse&sslpassword=a/b correct-horse"
    out = toy.run(*ONE, f"hydra.sweeper.storage='{address}'")
    assert "correct-horse" not in out
    files = [path for path in toy.directory.rglob("*") if path.is_file()]
    assert {"hydra.yaml", "overrides.yaml", "kept.db"} <= {path.name for path in files}
    assert not [path for path in files if b"correct-horse" in path.read_bytes()]


def fail_from_outside(toy: Toy, number: int) -> None:
    """Do what a process does that takes a trial's worker for dead."""
    url = f"sqlite:///{toy.directory / 'studies.db'}"
    storage = open_storage(url)
    queue = Queue(storage, storage.get_study_id_from_name("s"), url)
    assert queue.fail(number, DEAD, "taken for dead")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "said"), [("none", "was given up: another process"), ("deaf", "complete with [-")]
)
def test_worker_whose_trial_was_ended_by_another_says_so_and_goes_on(
    toy: Toy, fault: str, said: str
) -> None:
    driver = toy.start(*ONE, f"fault={fault}", "hydra.sweeper.n_trials=2", "seconds=6")
    toy.wait_until(driver, lambda: len(toy.calls()) == 1)
    fail_from_outside(toy, 0)
    out, err = driver.communicate(timeout=HANGS)
    assert driver.returncode == 0, out + err
    assert said in out + err
    assert [t.state.name for t in toy.trials()] == ["FAIL", "COMPLETE", "COMPLETE"]
    assert toy.trials()[1].user_attrs["retry_of"] == 0
    assert toy.trials()[0].user_attrs["reason"] == "taken for dead"


@pytest.mark.slow
def test_killed_commands_use_up_no_retry(toy: Toy) -> None:
    command = (*ONE, "hydra.sweeper.max_retries=0", "hydra.sweeper.n_trials=1", "seconds=1")
    for started in (1, 2):
        driver = toy.start(*command)
        toy.wait_until(driver, lambda: len(toy.calls()) == started)  # noqa: B023
        driver.kill()
        driver.communicate()
    toy.run(*command)
    assert [t.user_attrs.get("failure") for t in toy.trials()] == ["interrupted"] * 2 + [None]
    assert [t.user_attrs.get("retry_of") for t in toy.trials()] == [None, 0, 1]


@pytest.mark.slow
def test_record_is_closed_as_failed_when_the_storage_is_lost(toy: Toy) -> None:
    hooks = "hydra.sweeper.hooks=toy_hooks.Hooks"
    driver = toy.start(*ONE, hooks, "hydra.sweeper.n_trials=2", "seconds=2")
    toy.wait_until(driver, lambda: len(toy.calls()) == 1)
    with sqlite3.connect(toy.directory / "studies.db", timeout=20) as database:
        database.execute("PRAGMA foreign_keys=OFF")
        database.execute("DROP TABLE trials")
    out, err = driver.communicate(timeout=HANGS)
    assert driver.returncode == 1, out + err
    assert "studies.db cannot be used: no such table: trials" in out + err
    assert "close parent-1 failed" in (toy.directory / "hooks.txt").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["swallow", "swallow_and_exit"])
def test_error_that_a_signal_turned_into_is_an_interruption(toy: Toy, fault: str) -> None:
    driver = toy.start(*ONE, f"fault={fault}", "hydra.sweeper.n_trials=1")
    toy.wait_until(driver, lambda: len(toy.calls()) == 1)
    driver.send_signal(signal.SIGTERM)
    out, err = driver.communicate(timeout=HANGS)
    assert driver.returncode == 143, out + err
    assert [t.user_attrs["failure"] for t in toy.trials()] == ["interrupted"]
