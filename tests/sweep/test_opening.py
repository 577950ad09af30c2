"""A study is its maker's from its first moment, and nobody else's."""

import errno
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
import pytest

from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.failure import SweepFailed
from rcnn_sweep.sweep.opening import find_study, open_parent
from rcnn_sweep.sweep.storage import storage_url

RECORD = {"space": {"x": "one of 1, 2"}, "config": {}}


def plan(url: str, *directions: str) -> Any:
    options = SimpleNamespace(directions=directions)
    return SimpleNamespace(url=url, study_name="s", options=options, record=RECORD, defaults={})


@pytest.fixture
def url(tmp_path: Path) -> str:
    return storage_url(f"sqlite:///{tmp_path}/studies.db")


def test_what_a_command_killed_in_the_making_of_its_study_left_is_taken_up(url: str) -> None:
    assert find_study(plan(url, "maximize")) is None
    optuna.create_study(storage=url, study_name="s", direction="maximize")
    found = find_study(plan(url, "maximize"))
    assert found is not None and found.size() is None


def test_a_record_that_cannot_be_opened_fails_the_sweep_in_one_line(url: str) -> None:
    optuna.create_study(storage=url, study_name="s", direction="maximize")
    queue = find_study(plan(url, "maximize"))
    assert queue is not None

    def refuse(error: Exception) -> Any:
        def open_study(*_: object) -> None:
            raise error

        return SimpleNamespace(open_study=open_study)

    full = OSError(errno.ENOSPC, "No space left on device", "mlflow.db")
    with pytest.raises(SweepFailed, match=r"record could not be opened: .*No space.*mlflow\.db"):
        open_parent(queue, refuse(full), SimpleNamespace())
    with pytest.raises(UserError, match="another store"):
        open_parent(queue, refuse(UserError("name another store")), SimpleNamespace())


@pytest.mark.parametrize("kind", ["other directions", "a trial"])
def test_a_study_of_another_program_is_refused(url: str, kind: str) -> None:
    direction = "minimize" if kind == "other directions" else "maximize"
    study = optuna.create_study(storage=url, study_name="s", direction=direction)
    if kind == "a trial":
        study.ask()
    with pytest.raises(UserError, match="study s was made by another program"):
        find_study(plan(url, "maximize"))
