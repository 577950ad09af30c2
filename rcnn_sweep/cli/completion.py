"""Tab completion: Hydra's for groups and keys, with our verbs and without what is internal."""

import os
from collections.abc import Iterator, Sequence

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.core_plugins.bash_completion import BashCompletion
from hydra._internal.utils import create_config_search_path

from rcnn_sweep.cli.verbs import VERBS
from rcnn_sweep.config import config_folder

FLAGS = ("-sc", "--shell-completion")
INTERNAL = ("hydra.sweeper._target_", "hydra.sweeper.hooks", "hydra.sweeper.space")
SWEEPING = ("hydra.sweeper.", "hydra/launcher=")
"""Of Hydra's own node only this is offered until somebody types more of it."""


def is_query(words: Sequence[str]) -> bool:
    """Say whether a shell asks what may come next (``-sc query=bash``)."""
    return "query=bash" in words and bool({*FLAGS} & {*words})


def show_candidates() -> None:
    """Print what the shell's line, ``COMP_LINE``, can go on with."""
    _, _, line = os.environ.get("COMP_LINE", "").partition(" ")
    print(" ".join(candidates(line.lstrip())))


def candidates(line: str) -> list[str]:
    """Give what can come at the end of ``line``, the words after the program.

    >>> candidates("stu")
    ['studies']
    """
    typed = line.split(" ")
    if typed[0] in VERBS and len(typed) > 1:
        return []
    verbs = [verb for verb in VERBS if len(typed) == 1 and verb.startswith(typed[0])]
    place = f"file://{config_folder()}"
    completion = BashCompletion(ConfigLoaderImpl(create_config_search_path(place)))
    return [*verbs, *_shown(completion._query("config", line), typed[-1])]


def _shown(found: Sequence[str], word: str) -> Iterator[str]:
    if not word:
        yield from SWEEPING
    for candidate in found:
        is_own = not candidate.startswith("hydra")
        if is_own or (word.startswith("hydra") and not candidate.startswith(INTERNAL)):
            yield candidate
