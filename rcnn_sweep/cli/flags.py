"""The flags of a command without a verb, which are Hydra's."""

from collections.abc import Sequence
from typing import NoReturn

from hydra._internal.utils import get_args_parser

from rcnn_sweep.config import config_keys
from rcnn_sweep.errors import UserError
from rcnn_sweep.rules import nearest


def check_flags(words: Sequence[str]) -> None:
    """Raise :class:`UserError` for flags that Hydra does not have; it would print its usage."""
    parser = get_args_parser()

    def refuse(message: str) -> NoReturn:
        raise UserError(_refused(message))

    parser.error = refuse  # type: ignore[method-assign]
    parser.parse_args(list(words))


def _refused(message: str) -> str:
    unknown = message.removeprefix("unrecognized arguments: ")
    if unknown != message:
        near = nearest(unknown.split("=")[0].strip("- "), config_keys(), cutoff=0.5)
        hint = near and f"{near[:-1]}=VALUE?"
        return f"{unknown}: expected KEY=VALUE or a flag (--hydra-help lists them); " + (
            f"received an unknown flag.{hint}"
        )
    return f"{message[:1].upper()}{message[1:]}: expected as --hydra-help says; received another."
