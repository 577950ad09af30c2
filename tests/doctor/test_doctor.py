import importlib.util
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from small import environment

from rcnn_sweep.cli.verbs.doctor import main
from rcnn_sweep.data import cache_folder
from rcnn_sweep.doctor import (
    Finding,
    datasets,
    examination,
    examine,
    leftovers,
    machine,
    packages,
    stores,
)
from rcnn_sweep.errors import UserError
from rcnn_sweep.process.identity import ProcessId


@pytest.fixture(autouse=True)
def nothing_is_reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "reachable", lambda host, port: False)


def levels(findings: list[Finding]) -> set[str]:
    return {finding.level for finding in findings}


def test_a_healthy_place_has_no_problem_and_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([]) == 0
    output = capsys.readouterr().out
    assert "packages within their ranges (tensorflow" in output
    assert "data.path" in output
    assert "no problems" in output
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UserError):
        main(["--deeper"])


def test_it_answers_at_once_and_without_hydra_too(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    for name in ("hydra", "tensorflow", "mlflow", "omegaconf", "numpy"):
        (blocked / name).mkdir(parents=True)
        (blocked / name / "__init__.py").write_text("raise ImportError('broken')")
    clean = environment(tmp_path / "cache")
    path = os.pathsep.join([str(blocked), clean.get("PYTHONPATH", "")])
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "rcnn_sweep.doctor"],
        cwd=tmp_path,
        env={**clean, "PYTHONPATH": path, "https_proxy": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
    )
    assert time.monotonic() - started < 20
    assert done.stderr == ""
    assert "clock: " in done.stdout
    assert "datasets.imdb broke off: ImportError: broken" in done.stdout
    assert done.returncode == 1


def test_broken_and_foreign_databases_are_problems(workplace: Path) -> None:
    assert stores.database(workplace / "mlflow.db", "experiments").level == "ok"
    assert stores.database(workplace / "mlflow.db", "studies").level == "problem"
    content = bytearray((workplace / "mlflow.db").read_bytes())
    content[4096 * 3 : 4096 * 30] = os.urandom(4096 * 27)
    (workplace / "damaged.db").write_bytes(content)
    (workplace / "text.db").write_bytes(b"no database at all, certainly not" * 100)
    for name in ("damaged.db", "text.db"):
        found = stores.database(workplace / name, "experiments")
        assert found.level == "problem"
        assert "Restore" in found.advice
    assert (workplace / "damaged.db").read_bytes() == bytes(content)


def test_a_locked_database_is_a_note(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "CHECK_SECONDS", 0.2)
    with closing(sqlite3.connect(workplace / "mlflow.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        found = stores.database(workplace / "mlflow.db", "experiments")
    assert (found.level, "locked" in found.thing) == ("note", True)


def test_what_cannot_be_written_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mlruns").write_text("")
    assert [f.level for f in stores.folders()] == ["ok", "problem", "ok"]
    Path("mlflow.db").write_bytes(b"")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everywhere
    assert levels(list(stores.folders())) == {"problem"}
    assert next(stores.tracking()).level == "problem"


def test_little_space_is_a_note_and_none_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    for free, level in ((10**7, "problem"), (10**9, "note"), (10**11, "ok")):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        assert levels(list(stores.disk())) == {level}


def test_a_server_must_answer_and_its_password_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:geheim@127.0.0.1:{port}")
        assert levels(answering := list(stores.tracking())) == {"ok"}
    silent = list(stores.tracking())
    assert [finding.level for finding in silent] == ["ok", "problem"]
    assert "geheim" not in str(answering) + str(silent)
    assert ":***@" in silent[0].thing


DRIVEN = pytest.param(
    "mariadb+pymysql",
    [],
    marks=pytest.mark.skipif(
        importlib.util.find_spec("pymysql") is None, reason="pymysql is not installed"
    ),
)


@pytest.mark.parametrize(("scheme", "missing"), [DRIVEN, ("mysql+nothing", ["problem"])])
def test_a_database_server_wants_its_driver(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scheme: str, missing: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        place = f"me:geheim@127.0.0.1:{listening.getsockname()[1]}/records"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"{scheme}://{place}")
        found = list(stores.tracking())
        assert [f.level for f in found] == ["ok", "ok", *missing]
        assert "geheim" not in str(found)
    if missing:
        assert "no driver for mysql" in found[-1].thing and "extra mysql" in found[-1].advice
    assert [f.level for f in stores.tracking()] == ["ok", "problem", *missing]


def test_databases_on_a_network_file_system_are_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psutil

    monkeypatch.chdir(tmp_path)
    parts = [("/", "ext4"), (str(tmp_path), "nfs4")]
    found = [SimpleNamespace(mountpoint=place, fstype=kind) for place, kind in parts]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: found)
    assert [f.level for f in stores.file_systems()] == ["note", "note"]
    found.pop()
    assert list(stores.file_systems()) == []


def add_run(file: Path, name: str, *, process: str, start: float) -> None:
    with closing(sqlite3.connect(file)) as database:
        database.execute(
            "INSERT INTO runs (run_uuid, status, start_time, lifecycle_stage, experiment_id) "
            "VALUES (?, 'RUNNING', ?, 'active', 0)",
            (name, int(start * 1000)),
        )
        database.execute("INSERT INTO tags VALUES ('rcnn_sweep.process', ?, ?)", (process, name))
        database.commit()


def test_runs_of_dead_processes_and_a_clock_behind_are_noted(workplace: Path) -> None:
    assert list(leftovers.dead_runs()) == []
    add_run(workplace / "mlflow.db", "alive", process=str(ProcessId.own()), start=time.time())
    assert levels(list(leftovers.clock())) == {"ok"}
    host, pid, _ = str(ProcessId.own()).rsplit(":", 2)
    add_run(workplace / "mlflow.db", "dead", process=f"{host}:{pid}:1.00", start=time.time() + 999)
    dead, alive = leftovers.dead_runs()
    assert (dead.level, "dead" in dead.thing) == ("note", True)
    assert alive.thing == "1 runs are running"
    assert levels(list(leftovers.clock())) == {"note"}


def test_an_old_file_store_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert list(leftovers.legacy()) == []
    (tmp_path / "mlruns" / "0").mkdir(parents=True)
    (tmp_path / "mlruns" / "0" / "meta.yaml").write_text("name: Default")
    [found] = leftovers.legacy()
    assert "migrate-filestore" in found.advice


def test_missing_and_other_versions_of_packages_are_problems(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert {extra for extra, _ in packages.requirements()} >= {None, "ray", "gp", "dev"}
    assert packages.fault("pytest>=1") == ""
    assert packages.fault("pytest<1").endswith("is installed")
    assert packages.fault("no-such-package-here>=1") == "not installed"
    wanted = [(None, "pytest<1"), (None, "no-such-package-here"), ("gp", "no-such-package-here")]
    monkeypatch.setattr(packages, "requirements", lambda: iter(wanted))
    first, second = packages.required()
    assert (first.level, first.advice) == ("problem", "python -m pip install 'pytest<1'")
    assert second.level == "problem"
    present, missing = packages.optional()
    assert "gp" not in present.thing
    assert (missing.level, "sampler.name=gp" in missing.advice) == ("note", True)


def test_a_gpu_without_its_libraries_and_scarce_memory_are_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psutil

    from rcnn_sweep.process import memory

    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'GPU 0: NVIDIA H100 (UUID: GPU-1)'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(machine, "version", lambda name: None)
    [found] = machine.gpu()
    assert found.thing.startswith("GPU 0: NVIDIA H100, but no CUDA")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert next(machine.gpu()).thing == "GPU 0: NVIDIA H100, hidden"
    assert levels(list(machine.programs())) == {"note"}
    for free, level in ((10**8, "problem"), (10**12, "ok")):
        told = SimpleNamespace(available=free)
        monkeypatch.setattr(psutil, "virtual_memory", lambda told=told: told)
        monkeypatch.setattr(memory, "CONTAINER", tmp_path / "none")
        assert levels(list(machine.cores_and_memory())) == {level}


@pytest.mark.parametrize(
    ("code", "told", "said", "exit_code"),
    [
        (0, "2.21.0 True 1", "TensorFlow 2.21.0 can be imported, built with CUDA, sees 1 GPUs", 0),
        (-4, "", "TensorFlow cannot be imported: exit code -4", 1),
        (None, "", "Its import took more than", 1),
    ],
)
def test_deep_imports_tensorflow_too(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    code: int | None,
    told: str,
    said: str,
    exit_code: int,
) -> None:
    def run(command: list[str], **_: object) -> SimpleNamespace:
        assert "import tensorflow" in command[-1]
        if code is None:
            raise subprocess.TimeoutExpired(command, 1)
        return SimpleNamespace(returncode=code, stdout=told, stderr="")

    monkeypatch.setattr(examination, "CHECKS", ())
    monkeypatch.setattr(machine.subprocess, "run", run)
    assert main([]) == 0 and "TensorFlow" not in capsys.readouterr().out
    assert main(["--deep"]) == exit_code
    assert said in capsys.readouterr().out


def test_imdb_is_looked_for_where_the_loader_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert stores.cache() == cache_folder()
    [absent] = datasets.imdb()
    assert absent.level == "note"
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "imdb.npz").write_bytes(b"another")
    assert [f.level for f in datasets.imdb()] == ["note", "note"]
    monkeypatch.setattr(datasets, "reachable", lambda host, port: True)
    assert [f.level for f in datasets.imdb()] == ["note", "ok"]


def test_a_check_that_breaks_is_a_finding_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> list[Finding]:
        raise OSError("stale file handle")

    monkeypatch.setattr(examination, "CHECKS", (broken, packages.python))
    first, second = examine()
    assert (first.level, second.level) == ("problem", "ok")
    assert "stale file handle" in first.thing
    assert examination.report([first, second]).endswith("2 findings: 1 problem, no notes.")
