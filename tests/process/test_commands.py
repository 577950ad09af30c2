"""Printed commands start the interpreter that printed them, from the working directory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rcnn_sweep.process import (
    command,
    interpreter,
    module_command,
    script_command,
    typable,
)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A virtual environment below the working directory, which no search path knows."""
    folder = tmp_path / ".venv/bin"
    folder.mkdir(parents=True)
    for name in ("python", "python3", "python3.11"):
        (folder / name).symlink_to(os.path.realpath(sys.executable))
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return folder


def test_an_environment_that_the_shell_does_not_know_is_named_by_its_place(
    environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command("report", "a b") == ".venv/bin/python -m rcnn_sweep report 'a b'"
    assert module_command("mlflow", "ui") == ".venv/bin/python -m mlflow ui"
    assert typable("python -m rcnn_sweep -m x=1,2").startswith(".venv/bin/python -m rcnn_sweep -m")
    monkeypatch.chdir(tmp_path.parent)
    assert interpreter() == f"{tmp_path.name}/.venv/bin/python"
    monkeypatch.chdir("/")
    assert interpreter() == str(environment / "python").removeprefix("/")


def test_an_active_environment_is_called_python_even_though_both_lead_to_one_program(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = environment.parents[1] / "other"
    other.mkdir()
    (other / "python").symlink_to(os.path.realpath(sys.executable))
    monkeypatch.setenv("PATH", f"{other}:/usr/bin")
    assert interpreter() == ".venv/bin/python"
    monkeypatch.setenv("PATH", f"{environment}:{other}:/usr/bin")
    assert interpreter() == "python"


def test_a_script_is_named_only_where_it_is_installed(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert script_command("dashboard") is None
    (environment / "dashboard").write_text("#!/bin/sh\n")
    (environment / "dashboard").chmod(0o755)
    assert script_command("dashboard", "a b") == ".venv/bin/dashboard 'a b'"
    monkeypatch.setenv("PATH", str(environment))
    assert script_command("dashboard") == "dashboard"


def test_a_recorded_command_of_another_program_is_left_as_it_is(environment: Path) -> None:
    assert typable("") == ""
    assert typable("ours x=1") == "ours x=1"


def test_what_is_printed_starts_as_printed(tmp_path: Path) -> None:
    code = "from rcnn_sweep.process import module_command as told; print(told('this'))"
    plain = {**os.environ, "PATH": "/usr/bin:/bin"}
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=plain, capture_output=True, text=True
    )
    done = subprocess.run(
        told.stdout, shell=True, cwd=tmp_path, env=plain, capture_output=True, text=True
    )
    assert done.returncode == 0, told.stderr + done.stderr
    assert "Zen of Python" in done.stdout
