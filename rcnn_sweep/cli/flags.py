"""The flags of a command without a verb, which are Hydra's."""

from collections.abc import Sequence
from typing import NoReturn

from hydra._internal.utils import get_args_parser

from rcnn_sweep.config import config_keys
from rcnn_sweep.errors import UserError
from rcnn_sweep.rules import nearest

MULTIRUN = ("-m", "--multirun")


def arranged(words: Sequence[str]) -> list[str]:
    """Put ``-m`` first, then the overrides, then the other flags, as Hydra's parser takes them.

    It takes overrides in one piece alone. Raises :class:`UserError` for flags that Hydra does not
    have; it would print its usage.

    >>> arranged(["a=1", "-m", "b=1,2", "--cfg", "job", "c=3"])
    ['-m', 'a=1', 'b=1,2', 'c=3', '--cfg', 'job']
    """
    parser = get_args_parser()

    def refuse(message: str) -> NoReturn:
        raise UserError(_refused(message))

    parser.error = refuse  # type: ignore[method-assign]
    overrides = parser.parse_intermixed_args(list(words)).overrides
    flags = list(words)
    for override in overrides:
        flags.remove(override)
    mode = [flag for flag in flags if flag in MULTIRUN][:1]
    return [*mode, *overrides, *(flag for flag in flags if flag not in MULTIRUN)]


def _refused(message: str) -> str:
    found = message.removeprefix("unrecognized arguments: ")
    if found != message:
        unknown = " ".join(word for word in found.split() if word.startswith("-"))
        near = nearest(unknown.split("=")[0].strip("- "), config_keys(), cutoff=0.5)
        hint = near and f"{near[:-1]}=VALUE?"
        return f"{unknown}: expected KEY=VALUE or a flag (--hydra-help lists them); " + (
            f"received an unknown flag.{hint}"
        )
    return f"{message[:1].upper()}{message[1:]}: expected as --hydra-help says; received another."
