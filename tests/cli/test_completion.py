"""What a shell offers after Tab, and what a reader that has gone leaves on the terminal."""

import subprocess

import pytest
from small import HANGS, command_line

from rcnn_sweep.cli.completion import candidates
from rcnn_sweep.cli.verbs import VERBS
from rcnn_sweep.config import register_schemas


@pytest.mark.parametrize(
    ("line", "offered", "kept_back"),
    [
        ("", {*VERBS, "conv=", "hydra.sweeper."}, {"hydra", "hydra."}),
        ("re", {"refit", "report", "reproduce"}, {"studies", "conv="}),
        ("conv.filters=8 re", set(), {"refit"}),
        ("conv=", {"conv=baseline", "conv=strided"}, {"studies"}),
        ("-m hydra.sweeper.", {"hydra.sweeper.n_trials="}, {"hydra.sweeper.hooks="}),
        ("report ", set(), {"conv=", *VERBS}),
    ],
)
def test_verbs_groups_and_keys_are_offered_and_nothing_internal(
    line: str, offered: set[str], kept_back: set[str]
) -> None:
    register_schemas()
    found = set(candidates(line))
    assert offered <= found
    assert not kept_back & found
    assert not any("_target_" in word for word in found)


def test_a_shells_question_is_answered() -> None:
    words = command_line("-sc", "query=bash")
    asked = subprocess.run(
        ["env", "COMP_LINE=rcnn_sweep stu", *words], capture_output=True, text=True, check=True
    )
    assert (asked.stdout, asked.stderr) == ("studies\n", "")


@pytest.mark.parametrize("words", [("-sc", "install=bash"), ("--info", "defaults")])
def test_a_reader_that_has_gone_is_no_error(words: tuple[str, ...]) -> None:
    process = subprocess.Popen(command_line(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.wait(HANGS) == 0
    assert process.stderr.read() == b""
    process.stderr.close()
