"""The fourth part: a recurrent layer that reads what is left in order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rcnn_sweep import rules
from rcnn_sweep.network.shape import Shape

if TYPE_CHECKING:
    import keras

GATES = 4
"""Of an LSTM: input, forget, cell and output."""


@dataclass
class LstmConfig:
    """``keras.layers.LSTM``."""

    units: int = 70


def problems(options: LstmConfig) -> Iterator[str]:
    """Say which values cannot work, whatever the rest of the network is."""
    yield from rules.at_least("lstm.units", options.units, 1)


def weights(options: LstmConfig, shape: Shape) -> Mapping[str, int]:
    """Count the numbers of each weight tensor, by the product of the options that decide it."""
    units = options.units
    return {
        f"{GATES} * lstm.units * {shape.key}": GATES * units * shape.width,
        f"{GATES} * lstm.units * lstm.units": GATES * units * units,
    }


def apply(options: LstmConfig, steps: "keras.KerasTensor") -> "keras.KerasTensor":
    """Build the part: ``(batch, steps, width)`` to the last output, ``(batch, units)``."""
    import keras

    return keras.layers.LSTM(options.units)(steps)
