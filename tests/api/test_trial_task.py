"""What Hydra does to a job's surroundings does not move our stores, nor resolve what was typed."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from rcnn_sweep import application
from rcnn_sweep.api.composition import _hydra
from rcnn_sweep.api.studies import trial_task


def test_a_run_that_hydra_moves_keeps_its_stores_and_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    seen = []

    def recorded(composed: object, overrides: list[str]) -> object:
        seen.append((Path.cwd(), overrides))
        return SimpleNamespace(metrics={"accuracy": 1.0})

    monkeypatch.setattr(application, "run_composed", recorded)
    words = ["tracking.run_name=${hydra:job.num}", "conv.filters=${lstm.units}"]
    moved = ["hydra.job.chdir=true", "hydra.run.dir=out"]
    _hydra().run("config", trial_task, [*words, *moved], with_log_configuration=False)
    assert seen == [(tmp_path, words)]
    assert (tmp_path / "out" / ".hydra").is_dir() and Path.cwd() == tmp_path
