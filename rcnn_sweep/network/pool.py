"""The third part: pooling, which thins the steps out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rcnn_sweep import rules
from rcnn_sweep.network.shape import Shape

if TYPE_CHECKING:
    import keras

KINDS = ("max", "average", "none")


@dataclass
class PoolConfig:
    """``keras.layers.MaxPooling1D`` or ``AveragePooling1D``; the stride is the size, as in Keras.

    ``kind`` none leaves the part out.
    """

    pool_size: int = 4
    kind: str = "max"


def problems(options: PoolConfig) -> Iterator[str]:
    """Say which values cannot work, whatever the rest of the network is."""
    yield from rules.one_of("pool.kind", options.kind, KINDS)
    yield from rules.at_least("pool.pool_size", options.pool_size, 1)


def output(options: PoolConfig, shape: Shape) -> Shape:
    """Compute what the part makes of ``shape``, as Keras does without padding."""
    if options.kind == "none":
        return shape
    return Shape(shape.steps // options.pool_size, shape.width, shape.key)


def refusals(options: PoolConfig, shape: Shape) -> Iterator[str]:
    """Say why the part cannot follow on ``shape``."""
    if output(options, shape).steps < 1:
        yield (
            f"pool.pool_size: expected at most the convolution's output of {shape.steps} steps; "
            f"received {options.pool_size} ({shape.steps} // {options.pool_size} = 0 steps). "
            "Use a smaller pool or a longer data.maxlen."
        )


def apply(options: PoolConfig, steps: "keras.KerasTensor") -> "keras.KerasTensor":
    """Build the part: ``(batch, steps, width)`` to ``(batch, steps // pool_size, width)``."""
    import keras

    if options.kind == "none":
        return steps
    layers = {"max": keras.layers.MaxPooling1D, "average": keras.layers.AveragePooling1D}
    return layers[options.kind](options.pool_size)(steps)
