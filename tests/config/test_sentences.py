"""Every sentence about Hydra's and OmegaConf's messages, raised by the Hydra that is installed."""

import re
from pathlib import Path

import pytest

from rcnn_sweep.api import compose
from rcnn_sweep.api.composition import compose_job
from rcnn_sweep.config import mistakes, typed
from rcnn_sweep.errors import UserError

RAISED = {
    "Config group override must be": ("conv=null", "conv: expected GROUP=OPTION or KEY=VALUE"),
    "raised while resolving": ("conv.filters=${oc.env:NO_SUCH}", "conv.filters: expected an inter"),
    "Ambiguous value for": ("conv.filters=1,2", "conv.filters: expected one value in"),
    "Multiple values for": ("+conv=strided", "conv: expected one option; received a second one."),
    "missing mandatory value": (
        "embedding.dropout=???",
        "embedding.dropout: expected a value, rec",
    ),
    "could not be converted": ("conv.filters=many", "conv.filters: expected a whole number; recei"),
    "is not a valid bool": ("tracking.log_model=7.5", "tracking.log_model: expected true or false"),
    "is not Optional": ("conv.filters=null", "conv.filters: expected a value; received null."),
    "merging override ([^=\\s]+)(?:=(.*))": (
        "tracking.run_name=[1]",
        "tracking.run_name: expected another value; received [1]",
    ),
    "Could not (?:override": ("conv.filtrs=3", "Did you mean conv.filters?"),
}
ELSEWHERE = ("Additional config directory", "Key '[^']+' not in")
"""Raised by a flag of the command line and by a file of the user's: see below."""


@pytest.mark.parametrize("part", RAISED)
def test_a_sentence_is_raised_by_the_installed_hydra(part: str) -> None:
    [place] = [i for i, s in enumerate(mistakes.SENTENCES) if part in s.pattern]
    override, answer = RAISED[part]
    with pytest.raises(Exception) as raised:
        typed(compose_job("config", [override]))
    text = "\n".join(str(link) for link in mistakes._chain(raised.value))
    hits = [
        i
        for i, s in enumerate(mistakes.SENTENCES)
        if (found := re.search(s.pattern, text, re.IGNORECASE)) and s.say(found, [override])
    ]
    assert hits[0] == place
    with pytest.raises(UserError, match=re.escape(answer)):
        compose(override)


def test_every_sentence_is_tried() -> None:
    tried = (*RAISED, *ELSEWHERE)
    for sentence in mistakes.SENTENCES:
        assert sum(part in sentence.pattern for part in tried) == 1, sentence.pattern


def test_a_missing_folder_of_configs_is_named(command) -> None:
    done = command("--config-dir", "nowhere")
    assert done.returncode == 2
    assert "--config-dir: expected an existing folder; received" in done.stderr


def test_an_unknown_key_in_a_file_is_named(command, tmp_path: Path) -> None:
    folder = tmp_path / "mine" / "experiment"
    folder.mkdir(parents=True)
    (folder / "extra.yaml").write_text("# @package _global_\nconv:\n  filtres: 3\n")
    done = command("--config-dir", str(tmp_path / "mine"), "experiment=extra")
    assert done.returncode == 2
    assert "conv.filtres: expected a key or group" in done.stderr


@pytest.mark.parametrize(
    ("space", "answer"),
    [
        (
            "hydra.sweeper.space={training.epochs: 'range(1,3)'}",
            "hydra.sweeper.space: expected keys that are in it; received new ones. A plus adds "
            "them: +hydra.sweeper.space=...",
        ),
        (
            "+hydra.sweeper.space={lstm: 'range(3,5)'}",
            "config: expected a group's options by their names",
        ),
    ],
)
def test_a_space_that_cannot_be_composed_is_answered(command, space: str, answer: str) -> None:
    done = command("-m", "data=snippets", space)
    assert done.returncode == 2
    assert answer in done.stderr
    assert "Traceback" not in done.stderr
