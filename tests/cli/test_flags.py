"""The order of a command's words: Hydra's parser takes overrides in one piece only."""

import pytest
from hydra._internal.utils import get_args_parser

from rcnn_sweep.cli.flags import arranged
from rcnn_sweep.cli.program import with_search
from rcnn_sweep.errors import UserError

GRID = ["-m", "a=1", "b=1,2"]


@pytest.mark.parametrize("words", [GRID, ["a=1", "-m", "b=1,2"], ["a=1", "b=1,2", "--multirun"]])
def test_the_flag_of_a_sweep_may_stand_anywhere(words: list[str]) -> None:
    assert [word.replace("--multirun", "-m") for word in arranged(words)] == GRID


@pytest.mark.parametrize(
    "words",
    [
        ["data=table", "--cfg", "job", "a=1"],
        ["data=table", "a=1", "--info"],
        ["data=table", "-cd", "over there", "a=1", "-m"],
    ],
)
def test_what_is_arranged_is_what_hydra_reads(words: list[str]) -> None:
    read = get_args_parser().parse_args(arranged(with_search(arranged(words))))
    assert read.overrides[:2] == ["data=table", "a=1"]
    assert (read.cfg, read.info, read.config_dir) in {
        ("job", None, None),
        (None, "all", None),
        (None, None, "over there"),
    }
    assert read.multirun is ("search=around_baseline" in read.overrides)


@pytest.mark.parametrize("words", [["--epochs=3", "a=1"], ["a=1", "-m", "--epochs=3", "b=1,2"]])
def test_an_unknown_flag_is_answered_with_the_nearest_key(words: list[str]) -> None:
    with pytest.raises(UserError, match=r"^--epochs=3: expected .* mean training.epochs=VALUE\?"):
        arranged(words)
