"""Where trials lie: Hydra's options are honoured, and no study writes into another's directory."""

import json
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.ownership import check_owner, claim
from rcnn_sweep.sweep.planning import directory_of
from rcnn_sweep.sweep.workers.trial_runner import numbered

from .conftest import Toy

ONE = ("hydra.sweeper.study_name=s", "hydra.sweeper.pruner.name=none")
INTERPOLATED = (
    "hydra.sweep.dir=runs/${hydra.sweeper.study_name}",
    "hydra.sweep.subdir=${hydra.job.override_dirname}",
    "hydra.job.config.override_dirname.exclude_keys=[place,unset,y]",
    "hydra.job_logging.handlers.file.filename=${hydra.runtime.output_dir}/own.log",
    "+place=${hydra:runtime.output_dir}",
    "+unset=${oc.env:NO_SUCH_VARIABLE}",
    "y=${hydra:job.num}",
)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_interpolations_of_hydra_are_those_of_each_trial(toy: Toy, workers: int) -> None:
    toy.run(*ONE, f"hydra.sweeper.workers={workers}", *INTERPOLATED, "x=1,2")
    assert [(call[0], call[4]) for call in sorted(toy.calls())] == [("0", "0"), ("1", "1")]
    for number, x in enumerate((1, 2)):
        folder = toy.directory / "runs" / "s" / f"x={x}" / str(number)
        assert (folder / ".hydra" / "config.yaml").exists()
        assert (folder / "own.log").exists()
    assert (toy.directory / "runs" / "s" / "sweep" / "best.yaml").exists()


@pytest.mark.slow
def test_a_directory_that_another_study_owns_is_refused_before_anything_runs(toy: Toy) -> None:
    place = ("hydra.sweep.dir=shared", "hydra.sweeper.workers=1", "hydra.sweeper.n_trials=1")
    toy.run(*place, "hydra.sweeper.study_name=s", "fault=error", "hydra.job.chdir=true",
            "hydra.sweep.subdir=of_${hydra.job.num}", code=1)  # fmt: skip
    assert "deliberate" in (toy.directory / "shared" / "of_0" / "failure.txt").read_text()
    said = toy.run(*place, "hydra.sweeper.study_name=t", code=2)
    assert "hydra.sweep.dir: expected a directory of this study alone; received" in said
    assert "which holds study s of sqlite:///" in said and len(said.splitlines()) == 1
    assert {study.study_name for study in [toy.study()]} == {"s"}
    assert json.loads((toy.directory / "shared" / "study.json").read_text())["study_name"] == "s"


def test_a_subdirectory_that_cannot_be_told_is_a_mistake_of_the_plan(toy: Toy) -> None:
    said = toy.run(*ONE, "hydra.sweep.subdir=${nowhere}/${hydra.job.num}", "x=1,2", code=2)
    assert "hydra.sweep.subdir: expected a directory for each trial" in said
    assert "received ${nowhere}/${hydra.job.num}, which is none" in said
    assert not list(toy.directory.iterdir())


def test_a_directory_belongs_to_a_study_wherever_both_are(tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/studies.db"
    (tmp_path / "studies.db").touch()
    check_owner(tmp_path / "new", None)
    claim(tmp_path / "new", "one", "s", storage)
    claim(tmp_path / "new", "one", "s", storage)
    for other in (None, "two"):
        with pytest.raises(UserError, match="holds study s of sqlite"):
            check_owner(tmp_path / "new", other)
    (tmp_path / "studies.db").rename(tmp_path / "moved.db")
    check_owner(tmp_path / "new", "two")
    with pytest.raises(UserError, match="expected a directory to write to"):
        claim(tmp_path / "moved.db" / "x", "one", "s", storage)


@pytest.mark.parametrize(
    ("written", "settled"),
    [
        ("multirun/${now:%Y-%m-%d}/${now:%H-%M-%S}", "multirun/made"),
        ("runs/here", "runs/here"),
        ("runs/${hydra.job.name}", "runs/app"),
        ("runs/${hydra.sweeper.study_name}", "runs/made"),
        ("/abs/${oc.env:WHERE}", "/abs/there"),
    ],
)
def test_the_directory_is_settled_once(
    written: str, settled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHERE", "there")
    hydra = {"sweep": {"dir": written}, "job": {"name": "app"}, "sweeper": {"study_name": None}}
    assert directory_of(OmegaConf.create({"hydra": hydra}), "made") == Path(settled).absolute()


def test_a_directory_for_each_trial_is_a_mistake() -> None:
    hydra = {"sweep": {"dir": "a/${hydra.job.num}"}, "job": {"num": "???"}, "sweeper": {}}
    with pytest.raises(UserError, match=r"received a/\$\{hydra.job.num\}.*hydra.sweep.subdir"):
        directory_of(OmegaConf.create({"hydra": hydra}), "s")


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("${hydra.job.num}", "7"),
        ("t-${hydra.job.num}-x", "t-7-x"),
        ("${hydra.job.id}", "s_7"),
        ("same", "same/7"),
        ("${hydra.job.override_dirname}", "x=1/7"),
    ],
)
def test_a_trials_directory_has_its_number_in_it(written: str, used: str) -> None:
    job = {"num": 7, "id": "s_7", "override_dirname": "x=1"}
    config = OmegaConf.create({"hydra": {"sweep": {"subdir": written}, "job": job}})
    config.hydra.sweep.subdir = numbered(config)
    assert str(config.hydra.sweep.subdir) == used
