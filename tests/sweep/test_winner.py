"""The command that is printed for a winner composes the very config that its trial had."""

import shlex
from pathlib import Path

import pytest
from hydra import initialize_config_dir
from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import OmegaConf

from rcnn_sweep.process import CommandLine
from rcnn_sweep.sweep.space import Composer, Params, command_of, read_command
from rcnn_sweep.sweep.space.composer import without_hydra

CONFIG = """
defaults:
  - db: mysql
  - db@src: mysql
  - search: null
x: 4
rate: 1.0
l: [1, 2]
deep: {text: a, s: 1}
s: 1
flag: true
"""  # without _self_
SEARCH = "# @package _global_\nrate: 7.0\nhydra: {sweeper: {n_trials: 3}}\n"
CASES: list[tuple[tuple[str, ...], Params]] = [
    (("x=1,2",), {"x": 2}),
    (("db=mysql,pg",), {"db": "pg"}),
    (("db@src=mysql,pg", "db.port=8"), {"db@src": "pg"}),
    (("db@src=pg", "x=1,2"), {"x": 1}),
    (("+db@dst=mysql,pg",), {"+db@dst": "pg"}),
    (("+new=1,2", "++x=8"), {"+new": 2}),
    (("~s", "~deep.s", "x=1,2"), {"x": 2}),
    (("~db@src", "x=1,2"), {"x": 2}),
    (("l.0=5", "x=1,2"), {"x": 1}),
    (("l.1=5,6",), {"l.1": 6}),
    (("deep.text='it\\'s a, b'", "x=1,2"), {"x": 1}),
    (("deep.text='a b',c",), {"deep.text": "'a b'"}),
    (("deep.text=null", "flag=true,false"), {"flag": False}),
    (("deep.text=null,a",), {"deep.text": "null"}),
    (("rate=tag(log,interval(1e-6,1))",), {"rate": 1.25e-05}),
    (("deep={text: b, s: 3}", "x=1,2"), {"x": 1}),
    (("l=[7,8]", "s=${x}", "x=1,2"), {"x": 1}),
    (("search=wide", "x=1,2", "hydra.sweeper.n_trials=2", "hydra.mode=MULTIRUN"), {"x": 1}),
    (("--config-name", "other", "x=1,2"), {"x": 1}),
    (("-cn=other", "hydra.sweep.subdir=${hydra.job.override_dirname}", "x=1,2"), {"x": 1}),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for group in ("db", "search"):
        (tmp_path / group).mkdir()
    (tmp_path / "app.yaml").write_text(CONFIG + "hydra: {job: {name: app}}\n")
    (tmp_path / "other.yaml").write_text(CONFIG.replace("x: 4", "x: 5\nonly: here"))
    (tmp_path / "search" / "wide.yaml").write_text(SEARCH)
    for name in ("mysql", "pg"):
        (tmp_path / "db" / f"{name}.yaml").write_text(f"kind: {name}\nport: 1\n")
    return tmp_path


@pytest.mark.parametrize(("words", "params"), CASES, ids=[" ".join(words) for words, _ in CASES])
@pytest.mark.filterwarnings("ignore:.*_self_")
def test_the_command_composes_what_the_trial_had(
    folder: Path, words: tuple[str, ...], params: Params
) -> None:
    sweeper = "hydra/sweeper=optuna_async"
    line = command_of(CommandLine(("python", "app.py"), ("-m", *words, sweeper)), params)
    with initialize_config_dir(str(folder), version_base="1.3"):
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None

        def composed(typed: list[str], mode: RunMode) -> OmegaConf:
            flags = get_args_parser().parse_args(typed)
            return hydra.compose_config(flags.config_name or "app", flags.overrides, mode)

        master = composed([*words, sweeper], RunMode.MULTIRUN)
        task = OmegaConf.to_container(master.hydra.overrides.task, resolve=False)
        fixed = read_command(list(task), hydra.config_loader).fixed
        trial = Composer(hydra.config_loader, master, fixed).task(params)
        program, *typed = shlex.split(line)[1:]
        alone = composed(typed, RunMode.RUN)
    alone = without_hydra(alone)
    assert program == "app.py"
    assert OmegaConf.to_yaml(alone) == OmegaConf.to_yaml(trial)
    assert "hydra.sweep" not in line.replace("hydra/sweeper", "")


def test_what_only_a_sweep_needs_is_left_out_and_the_rest_kept() -> None:
    typed = ("-m", "hydra.sweeper.n_trials=3", "hydra.job.chdir=true", "hydra/launcher=ray",
             "+hydra.launcher.ray.remote.num_gpus=1", "hydra.sweep.dir=d", "x=1,2",
             "-cd", "a b")  # fmt: skip
    command = command_of(CommandLine(("python", "-m", "app"), typed), {"x": 1})
    assert command == (
        "python -m app --config-dir 'a b' hydra.job.chdir=true hydra/launcher=ray x=1"
    )
    assert str(CommandLine.parsed(command)) == command
