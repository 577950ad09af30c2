"""Search spaces: Hydra's override grammar and the ``around`` form as Optuna distributions."""

from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy
from rcnn_sweep.sweep.space.values import Identity, Params, Value

if TYPE_CHECKING:
    from rcnn_sweep.sweep.space.command import (
        Command,
        baseline_of,
        read_command,
        space_of,
        unsearched,
    )
    from rcnn_sweep.sweep.space.composer import Composer, without_hydra
    from rcnn_sweep.sweep.space.grammar import encoded
    from rcnn_sweep.sweep.space.space import Space
    from rcnn_sweep.sweep.space.winner import command_of

__all__ = [
    "Command",
    "Composer",
    "Identity",
    "Params",
    "Space",
    "Value",
    "baseline_of",
    "command_of",
    "encoded",
    "read_command",
    "space_of",
    "unsearched",
    "without_hydra",
]

if not TYPE_CHECKING:
    __getattr__ = lazy(__name__)
