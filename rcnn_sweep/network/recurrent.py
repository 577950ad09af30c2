"""The fourth part: recurrent layers that read what is left in order, and one vector of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rcnn_sweep import rules
from rcnn_sweep.network.shape import Shape

if TYPE_CHECKING:
    import keras

GATES = {"lstm": 4, "gru": 3}
"""Of an LSTM: input, forget, cell and output; of a GRU: update, reset and candidate."""

OUTPUTS = ("last", "max", "average", "max_average", "attention")

MOST_LAYERS = 32
"""More is a slip of the keyboard: each takes Keras a while to build."""


@dataclass
class LstmConfig:
    """``keras.layers.LSTM`` or ``GRU``, ``layers`` times one after the other.

    ``bidirectional`` reads in both directions with ``units`` each. ``output`` says what of the
    last layer's outputs becomes the vector of the text: the last one, their largest or average
    value in each place, both of these, or a sum weighted by attention. ``dropout`` is for the
    inputs of a step, ``recurrent_dropout`` for the state before it.
    """

    units: int = 70
    cell: str = "lstm"
    bidirectional: bool = False
    layers: int = 1
    output: str = "last"
    dropout: float = 0.0
    recurrent_dropout: float = 0.0


def problems(options: LstmConfig) -> Iterator[str]:
    """Say which values cannot work, whatever the rest of the network is."""
    yield from rules.at_least("lstm.units", options.units, 1)
    yield from rules.one_of("lstm.cell", options.cell, tuple(GATES))
    yield from rules.at_least("lstm.layers", options.layers, 1, MOST_LAYERS)
    yield from rules.one_of("lstm.output", options.output, OUTPUTS)
    yield from rules.rate("lstm.dropout", options.dropout)
    yield from rules.rate("lstm.recurrent_dropout", options.recurrent_dropout)


def sequence(options: LstmConfig, shape: Shape) -> Shape:
    """Compute the outputs of a recurrent layer, one a step."""
    if options.bidirectional:
        return Shape(shape.steps, 2 * options.units, "2 * lstm.units")
    return Shape(shape.steps, options.units, "lstm.units")


def output(options: LstmConfig, shape: Shape) -> Shape:
    """Compute what the part makes of ``shape``, which is one vector."""
    outputs = sequence(options, shape)
    if options.output == "max_average":
        return Shape(1, 2 * outputs.width, f"2 * {outputs.key}")
    return Shape(1, outputs.width, outputs.key)


def weights(options: LstmConfig, shape: Shape) -> Mapping[str, int]:
    """Count the numbers of each weight tensor, by the product of the options that decide it."""
    units, gates = options.units, GATES[options.cell]
    inputs = [shape, sequence(options, shape)][: options.layers]
    return {
        **{f"{gates} * lstm.units * {each.key}": gates * units * each.width for each in inputs},
        f"{gates} * lstm.units * lstm.units": gates * units * units,
    }


def apply(options: LstmConfig, steps: "keras.KerasTensor") -> "keras.KerasTensor":
    """Build the part: ``(batch, steps, width)`` to one vector, ``(batch, width of output)``."""
    if options.output == "last":
        return _layers(options, steps, each_step=False)
    vector, _ = apply_each_step(options, steps)
    return vector


def apply_each_step(
    options: LstmConfig, steps: "keras.KerasTensor"
) -> "tuple[keras.KerasTensor, keras.KerasTensor]":
    """Build the part as :func:`apply`; give the vector, and the last layer's output at each step.

    These are ``(batch, steps, width of sequence)``.
    """
    outputs = _layers(options, steps, each_step=True)
    return _vector(options, outputs), outputs


def _layers(
    options: LstmConfig, steps: "keras.KerasTensor", *, each_step: bool
) -> "keras.KerasTensor":
    for _ in range(options.layers - 1):
        steps = _layer(options, steps, each_step=True)
    return _layer(options, steps, each_step=each_step)


def _layer(
    options: LstmConfig, steps: "keras.KerasTensor", *, each_step: bool
) -> "keras.KerasTensor":
    import keras

    cell = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[options.cell]
    layer = cell(
        options.units,
        dropout=options.dropout,
        recurrent_dropout=options.recurrent_dropout,
        return_sequences=each_step,
    )
    return (keras.layers.Bidirectional(layer) if options.bidirectional else layer)(steps)


def _vector(options: LstmConfig, steps: "keras.KerasTensor") -> "keras.KerasTensor":
    import keras

    layers = keras.layers
    match options.output:
        case "last":
            return _last(options, steps)
        case "max":
            return layers.GlobalMaxPooling1D()(steps)
        case "average":
            return layers.GlobalAveragePooling1D()(steps)
        case "max_average":
            both = [layers.GlobalMaxPooling1D()(steps), layers.GlobalAveragePooling1D()(steps)]
            return layers.Concatenate()(both)
    return _attended(steps)


def _last(options: LstmConfig, steps: "keras.KerasTensor") -> "keras.KerasTensor":
    """Give what either direction has read at its end; the backward one ends at the first step."""
    import keras

    if not options.bidirectional:
        return steps[:, -1]
    units = options.units
    return keras.layers.Concatenate()([steps[:, -1, :units], steps[:, 0, units:]])


def _attended(steps: "keras.KerasTensor") -> "keras.KerasTensor":
    """Sum the outputs, weighted by softmax(w . tanh(output)) (Zhou et al., ACL 2016)."""
    import keras

    scores = keras.layers.Dense(1, use_bias=False)(keras.layers.Activation("tanh")(steps))
    shares = keras.layers.Softmax(axis=1)(scores)
    return keras.layers.Flatten()(keras.layers.Dot(axes=1)([steps, shares]))
