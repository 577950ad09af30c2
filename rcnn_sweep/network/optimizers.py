"""The optimizers by the names of ``training.optimizer``."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

OPTIMIZERS = {
    "adam": "Adam",
    "adamw": "AdamW",
    "nadam": "Nadam",
    "rmsprop": "RMSprop",
    "sgd": "SGD",
}
"""Classes of ``keras.optimizers``."""


def optimizer(name: str, learning_rate: float) -> "keras.optimizers.Optimizer":
    """Make the optimizer ``name``, a key of :data:`OPTIMIZERS`."""
    import keras

    made: keras.optimizers.Optimizer = getattr(keras.optimizers, OPTIMIZERS[name])(
        learning_rate=learning_rate
    )
    return made
