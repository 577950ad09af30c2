"""A trial's config is what Hydra composes from the same words, made without composing each anew."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hydra import initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import OmegaConf, open_dict, read_write

from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.space import (
    Command,
    Composer,
    Params,
    baseline_of,
    read_command,
    space_of,
    unsearched,
    without_hydra,
)

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


def composer_of(folder: Path, *fixed: str, name: str = "app") -> Composer:
    with initialize_config_dir(str(folder), version_base="1.3"):
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None
        master = hydra.compose_config(name, [], run_mode=RunMode.MULTIRUN, from_shell=False)
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


@pytest.mark.slow
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


def test_jobs_share_nothing(folder: Path) -> None:
    composer = composer_of(folder)
    first, second = composer.job({"x": 5}), composer.job({"x": 6})
    with open_dict(first), read_write(first.hydra):
        first.deep.number, first.l[0], first.hydra.job.name = 1, 9, "other"
    assert (second.deep.number, second.l[0], second.again) == (7, 1, 6)
    assert second.hydra.job.name != "other"


def test_a_value_that_does_not_fit_is_told_in_hydras_words(folder: Path) -> None:
    with pytest.raises(UserError, match=r"cannot compose nowhere=3.*Could not override 'nowhere'"):
        composer_of(folder).job({"nowhere": 3})


def command_of(composer: Composer, *words: str) -> Command:
    return read_command(list(words), composer.loader)


def test_what_would_end_a_sweep_of_its_key_is_refused(folder: Path) -> None:
    composer = composer_of(folder)
    for words in (
        ("x=1,2", "x=3"),
        ("x=1,2", "x=3,4"),
        ("deep.number=1,2", "deep={number: 3}"),
        ("db=small,big", "~db"),
    ):
        with pytest.raises(UserError, match=f"received {words[0]} and then {words[1]}, which"):
            command_of(composer, *words)
    last = command_of(composer, "x=3", "x=1,2")
    assert [str(override.input_line) for override in last.swept] == ["x=1,2"]


@pytest.mark.parametrize("before", ["deep={number: 3, text: b}", "~deep.number", "rate=3"])
def test_what_is_set_before_a_sweep_beside_it_holds(folder: Path, before: str) -> None:
    command = command_of(composer_of(folder), before, "rate=4", "+deep.number=1,2")
    assert command.fixed == (before, "rate=4")
    assert [str(override.input_line) for override in command.swept] == ["+deep.number=1,2"]


class Act(Enum):
    RELU = "relu"
    TANH = "tanh"


@dataclass
class Layer:
    act: Act = Act.RELU
    file: Path = Path("a/b")
    acts: dict[Act, int] = field(default_factory=lambda: {Act.RELU: 1})


def test_members_of_an_enum_and_paths_are_searched_by_their_names(folder: Path) -> None:
    ConfigStore.instance().store(name="layer", node=Layer)
    composer = composer_of(folder, name="layer")
    space = space_of(command_of(composer, "act=RELU,TANH", "file=a/b,c"), {}, composer)
    assert baseline_of(space, composer) == {"act": "RELU", "file": "a/b"}
    assert composer.task({"act": "TANH", "file": "c"}) == Layer(Act.TANH, Path("c"))


def test_a_group_that_the_config_leaves_open_is_chosen_by_the_points(folder: Path) -> None:
    (folder / "open.yaml").write_text("defaults:\n  - db: ???\n  - _self_\nx: 4\n")
    composer = composer_of(folder, name="open")
    assert composer.open_groups == ("db",)
    assert composer.task({}) == {"x": 4}
    specs = {"db": "choice(small,big)", "db.port": {"around": {"plus": 1}, "when": {"db": "big"}}}
    space = space_of(command_of(composer), specs, composer)
    assert space.describe()["db.port"] == "whole number from 0 to 2, when db is big"
    assert baseline_of(space, composer) is None
    assert composer.job({"db": "big", "x": 5}).db.kind == "big"
    assert composer.whole() == ("db=big",)


SPECS: dict[str, Any] = {
    "rate": "interval(0.5,2.0)",
    "x": {"around": {"plus": 1}},
    "db": "choice(small,big)",
    "db.port": {"over": "range(1,4)", "when": {"db": "big"}},
    "deep.number": {"over": "choice(7,8)"},
}


@pytest.mark.parametrize(
    ("words", "gone", "left"),
    [
        ((), [], ["rate", "x", "db", "deep.number", "db.port"]),
        (("rate=0.7",), ["rate"], ["x", "db", "deep.number", "db.port"]),
        (("x=9", "++rate=2"), ["rate"], ["x", "db", "deep.number", "db.port"]),
        (("db=big",), ["db"], ["rate", "x", "db.port", "deep.number"]),
        (("db=small",), ["db"], ["rate", "x", "deep.number"]),
        (("deep={number:3}",), ["deep.number"], ["rate", "x", "db", "db.port"]),
        (("rate=1,2", "x=5"), [], ["rate"]),
    ],
    ids=str,
)
def test_a_key_that_the_command_fixes_leaves_the_space(
    folder: Path, words: tuple[str, ...], gone: list[str], left: list[str]
) -> None:
    command = command_of(composer_of(folder), *words)
    composer = composer_of(folder, *command.fixed)
    space = space_of(command, SPECS, composer)
    assert list(unsearched(command, SPECS)) == gone
    assert sorted(p.key for p in space.parameters) == sorted(left)
    if "x" in left:
        low = 8 if "x=9" in words else 3
        assert space.describe()["x"] == f"whole number from {low} to {low + 2}"
    if "db=big" in words:
        assert space.describe()["db.port"] == "whole number from 1 to 3"


def test_a_command_that_fixes_every_key_is_a_mistake(folder: Path) -> None:
    command = command_of(composer_of(folder), "rate=1")
    with pytest.raises(UserError, match=r"the command fixes all .* rate=1"):
        space_of(command, {"rate": "choice(1,2)"}, composer_of(folder, *command.fixed))


def test_what_no_job_can_tell_yet_is_no_baseline(folder: Path) -> None:
    app = (folder / "app.yaml").read_text()
    (folder / "app.yaml").write_text(app + "unset: ${oc.env:NO_SUCH}\nown: ${hydra:job.num}\n")
    composer = composer_of(folder)
    for key in ("unset", "own"):
        space = space_of(command_of(composer, f"{key}=1,2"), {}, composer)
        assert baseline_of(space, composer) is None
