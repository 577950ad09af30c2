"""A trial's config is what Hydra composes from the same words, made without composing each anew."""

from pathlib import Path

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import OmegaConf

from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.space import Composer, Params
from rcnn_sweep.sweep.space.composer import without_hydra

CONFIG = """
defaults:
  - db: small
  - _self_
x: 4
rate: 1.0
l: [1, 2]
deep: {number: 7, text: a}
again: ${x}
name: ${hydra:job.override_dirname}
"""
POINTS: list[Params] = [
    {},
    {"x": 5},
    {"x": 5, "rate": 1e-05},
    {"rate": 2},
    {"deep.number": 8, "deep.text": "'b c'"},
    {"db": "big", "db.port": 3},
    {"l.0": 5},
    {"x": True},
    {"+new": 3},
    {"deep.text": None},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "db").mkdir()
    (tmp_path / "app.yaml").write_text(CONFIG)
    for name in ("small", "big"):
        (tmp_path / "db" / f"{name}.yaml").write_text(f"kind: '{name}'\nport: 1\n")
    return tmp_path


def composer_of(folder: Path, *fixed: str) -> Composer:
    with initialize_config_dir(str(folder), version_base="1.3"):
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None
        master = hydra.compose_config("app", [], run_mode=RunMode.MULTIRUN, from_shell=False)
        return Composer(hydra.config_loader, master, fixed)


@pytest.mark.parametrize("params", POINTS, ids=str)
@pytest.mark.parametrize("fixed", [(), ("deep.text=z", "x=2", "db@other=big")])
def test_a_job_is_what_hydra_composes(folder: Path, params: Params, fixed: tuple[str, ...]) -> None:
    fixed = tuple("+" + word if "@" in word else word for word in fixed)
    composer = composer_of(folder, *fixed)
    composer.job({"x": 3})
    words = list(composer.overrides(params))
    expected = composer.loader.load_sweep_config(composer.master, words)
    job = composer.job(params)
    assert OmegaConf.to_yaml(job) == OmegaConf.to_yaml(expected)
    assert OmegaConf.to_yaml(composer.task(params)) == OmegaConf.to_yaml(without_hydra(expected))


def test_a_point_is_composed_anew_only_for_other_groups(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    composer = composer_of(folder)
    composed: list[list[str]] = []
    once = composer.loader.load_sweep_config
    monkeypatch.setattr(
        composer.loader,
        "load_sweep_config",
        lambda master, words: (composed.append(words), once(master, words))[1],
    )
    for x in range(20):
        composer.job({"db": "small" if x % 2 else "big", "x": x, "rate": x / 7})
    assert composed == [["db=big"], ["db=small"]]


def test_a_value_that_does_not_fit_is_told_in_hydras_words(folder: Path) -> None:
    with pytest.raises(UserError, match=r"cannot compose nowhere=3.*Could not override 'nowhere'"):
        composer_of(folder).job({"nowhere": 3})
