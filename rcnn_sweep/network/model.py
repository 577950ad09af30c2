"""The recurrent convolutional network: a config becomes a compiled ``keras.Model``.

Words become vectors, a convolution reads them in short windows, pooling thins them out, an LSTM
reads what is left in order, and one dense layer decides. With the defaults it is the notebook's
network: 303,935 parameters.
"""

import shutil
from pathlib import Path

import keras

from rcnn_sweep.config import Config, TrainingConfig

OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "nadam": keras.optimizers.Nadam,
    "rmsprop": keras.optimizers.RMSprop,
    "sgd": keras.optimizers.SGD,
}


def build(config: Config, *, classes: int) -> keras.Model:
    """Build and compile the network for ``classes`` classes.

    Input: ids, shape ``(batch, data.maxlen)``. Output: float32, ``(batch, 1)`` with the
    probability of the second class for two classes (sigmoid, binary cross-entropy), else
    ``(batch, classes)`` (softmax, sparse categorical cross-entropy).
    """
    model = keras.Sequential(
        [
            keras.Input((config.data.maxlen,), dtype="int32", name="ids"),
            keras.layers.Embedding(config.data.num_words, config.embedding.output_dim),
            keras.layers.Dropout(config.embedding.dropout),
            keras.layers.Conv1D(
                config.conv.filters,
                config.conv.kernel_size,
                strides=config.conv.strides,
                padding=config.conv.padding,
                activation=config.conv.activation,
            ),
            keras.layers.MaxPooling1D(config.pool.pool_size),
            keras.layers.LSTM(config.lstm.units),
            keras.layers.Dense(1 if classes == 2 else classes),
            keras.layers.Activation("sigmoid" if classes == 2 else "softmax"),
        ],
        name="rcnn",
    )
    model.compile(
        optimizer=_optimizer(config.training),
        loss="binary_crossentropy" if classes == 2 else "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def _optimizer(training: TrainingConfig) -> keras.optimizers.Optimizer:
    return OPTIMIZERS[training.optimizer](learning_rate=training.learning_rate)


def summary(model: keras.Model) -> str:
    """Give Keras's table of layers, output shapes and parameters as text."""
    lines: list[str] = []
    model.summary(print_fn=lambda line, **_: lines.append(line), line_length=80)
    return "\n".join(lines) + "\n"


def layers(model: keras.Model) -> list[tuple[str, str]]:
    """Give each layer's kind and output shape, ``("Conv1D", "(None, 396, 64)")``, in order."""
    return [(type(layer).__name__, str(layer.output.shape)) for layer in model.layers]


def graphviz_found() -> bool:
    """Say whether Graphviz's ``dot`` is on the path."""
    return shutil.which("dot") is not None


def architecture(model: keras.Model, path: Path) -> None:
    """Draw the layers with their shapes through Graphviz into the SVG file ``path``."""
    keras.utils.plot_model(
        model, to_file=path, show_shapes=True, show_dtype=False, show_layer_names=False
    )
