"""The second part: convolutions that read the vectors in short windows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, repeat
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

MOST_KERNELS = MOST_LAYERS = 32
"""More is a slip of the keyboard: each takes Keras a while to build."""


@dataclass
class ConvConfig:
    """``keras.layers.Conv1D``, ``layers`` times one after the other; 0 leaves the part out.

    A layer has ``kernels`` convolutions side by side, which read ``kernel_size``, ``kernel_size +
    1``, ... steps at once with ``filters`` filters each; their outputs are joined (Kim, EMNLP
    2014).
    """

    filters: int = 64
    kernel_size: int = 5
    strides: int = 1
    padding: str = "valid"
    activation: str = "relu"
    kernels: int = 1
    layers: int = 1


def problems(options: ConvConfig) -> Iterator[str]:
    """Say which values cannot work, whatever the rest of the network is."""
    yield from rules.one_of("conv.padding", options.padding, PADDINGS)
    yield from rules.one_of("conv.activation", options.activation, ACTIVATIONS)
    yield from rules.at_least("conv.filters", options.filters, 1)
    yield from rules.at_least("conv.kernel_size", options.kernel_size, 1)
    yield from rules.at_least("conv.strides", options.strides, 1)
    yield from rules.at_least("conv.kernels", options.kernels, 1, MOST_KERNELS)
    yield from rules.at_least("conv.layers", options.layers, 0, MOST_LAYERS)


def output(options: ConvConfig, shape: Shape) -> Shape:
    """Compute what the part makes of ``shape``, as Keras does; 0 steps or less: impossible."""
    if not options.layers:
        return shape
    *_, steps = _lengths(options, shape.steps)
    key = "conv.filters" if options.kernels == 1 else "conv.kernels * conv.filters"
    return Shape(steps, options.kernels * options.filters, key)


def _lengths(options: ConvConfig, steps: int) -> list[int]:
    """Give the steps before the first layer and after each."""
    lost = _widest(options) - 1 if options.padding == "valid" else 0

    def after(steps: int, _: None) -> int:
        return -(-(steps - lost) // options.strides)

    return [*accumulate(repeat(None, options.layers), after, initial=steps)]


def _widest(options: ConvConfig) -> int:
    return options.kernel_size + options.kernels - 1


def refusals(options: ConvConfig, shape: Shape) -> Iterator[str]:
    """Say why the part cannot follow on ``shape``, which has the steps of the whole text."""
    if output(options, shape).steps >= 1:
        return
    maxlen, kernel_size = shape.steps, options.kernel_size
    if options.kernels == options.layers == 1:
        yield (
            f"conv.kernel_size: expected at most data.maxlen={maxlen} with conv.padding=valid; "
            f"received {kernel_size} ({maxlen} - {kernel_size} + 1 = {maxlen - kernel_size + 1} "
            "steps). Use a smaller kernel or conv.padding=same."
        )
    else:
        trail = " to ".join(map(str, _lengths(options, maxlen)))
        yield (
            f"conv.kernel_size: expected kernels that leave a step of data.maxlen={maxlen} with "
            f"conv.padding=valid; received conv.kernel_size={kernel_size}, "
            f"conv.kernels={options.kernels}, conv.layers={options.layers} ({trail} steps). Use "
            "smaller or fewer kernels, or conv.padding=same."
        )


def weights(options: ConvConfig, shape: Shape) -> Mapping[str, int]:
    """Count the numbers of each layer's largest weight tensor, by the product that decides it."""
    size = "conv.kernel_size"
    if options.kernels > 1:
        size = f"(conv.kernel_size + {options.kernels - 1})"
    behind = output(options, shape)
    inputs = [shape, behind][: options.layers]
    return {
        f"{size} * {each.key} * conv.filters": _widest(options) * each.width * options.filters
        for each in inputs
    }


def apply(options: ConvConfig, steps: "keras.KerasTensor") -> "keras.KerasTensor":
    """Build the part: ``(batch, steps, width)`` to ``(batch, fewer steps, kernels * filters)``."""
    for _ in range(options.layers):
        steps = _layer(options, steps)
    return steps


def _layer(options: ConvConfig, steps: "keras.KerasTensor") -> "keras.KerasTensor":
    import keras

    sizes = range(options.kernel_size, _widest(options) + 1)
    windows = [_windows(options, size, steps) for size in sizes]
    return windows[0] if len(windows) == 1 else keras.layers.Concatenate()(windows)


def _windows(options: ConvConfig, size: int, steps: "keras.KerasTensor") -> "keras.KerasTensor":
    """Convolve with one kernel.

    Without padding the smaller kernels skip the first steps, so that all windows that stand side
    by side end with the same word, and there are as many of each kernel.
    """
    import keras

    ahead = _widest(options) - size if options.padding == "valid" else 0
    if ahead:
        steps = keras.layers.Cropping1D((ahead, 0))(steps)
    layer = keras.layers.Conv1D(
        options.filters,
        size,
        strides=options.strides,
        padding=options.padding,
        activation=options.activation,
    )
    return layer(steps)
