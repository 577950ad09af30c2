"""The second part: a convolution that reads the vectors in short windows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rcnn_sweep import rules
from rcnn_sweep.network.shape import Shape

if TYPE_CHECKING:
    import keras

PADDINGS = ("valid", "same", "causal")
ACTIVATIONS = (
    *("relu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid", "softplus", "linear"),
    *("leaky_relu", "relu6", "mish", "exponential", "hard_sigmoid", "softsign"),
)


@dataclass
class ConvConfig:
    """``keras.layers.Conv1D``."""

    filters: int = 64
    kernel_size: int = 5
    strides: int = 1
    padding: str = "valid"
    activation: str = "relu"


def problems(options: ConvConfig) -> Iterator[str]:
    """Say which values cannot work, whatever the rest of the network is."""
    yield from rules.one_of("conv.padding", options.padding, PADDINGS)
    yield from rules.one_of("conv.activation", options.activation, ACTIVATIONS)
    yield from rules.at_least("conv.filters", options.filters, 1)
    yield from rules.at_least("conv.kernel_size", options.kernel_size, 1)
    yield from rules.at_least("conv.strides", options.strides, 1)


def output(options: ConvConfig, shape: Shape) -> Shape:
    """Compute what the part makes of ``shape``, as Keras does; 0 steps or less: impossible."""
    steps = shape.steps
    if options.padding == "valid":
        steps -= options.kernel_size - 1
    return Shape(-(-steps // options.strides), options.filters, "conv.filters")


def refusals(options: ConvConfig, shape: Shape) -> Iterator[str]:
    """Say why the part cannot follow on ``shape``, which has the steps of the whole text."""
    if output(options, shape).steps < 1:
        maxlen, kernel_size = shape.steps, options.kernel_size
        yield (
            f"conv.kernel_size: expected at most data.maxlen={maxlen} with conv.padding=valid; "
            f"received {kernel_size} ({maxlen} - {kernel_size} + 1 = {maxlen - kernel_size + 1} "
            "steps). Use a smaller kernel or conv.padding=same."
        )


def weights(options: ConvConfig, shape: Shape) -> Mapping[str, int]:
    """Count the numbers of each weight tensor, by the product of the options that decide it."""
    product = f"conv.kernel_size * {shape.key} * conv.filters"
    return {product: options.kernel_size * shape.width * options.filters}


def apply(options: ConvConfig, steps: "keras.KerasTensor") -> "keras.KerasTensor":
    """Build the part: ``(batch, steps, width)`` to ``(batch, fewer steps, filters)``."""
    import keras

    layer = keras.layers.Conv1D(
        options.filters,
        options.kernel_size,
        strides=options.strides,
        padding=options.padding,
        activation=options.activation,
    )
    return layer(steps)
