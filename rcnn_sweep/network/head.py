"""The last part: one dense layer that decides, and the loss that belongs to its output."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


def layers(classes: int) -> "list[keras.layers.Layer]":
    """Build the part: ``(batch, width)`` to the probabilities of ``classes`` classes.

    Two have one sigmoid, ``(batch, 1)``, the probability of the second; more a softmax,
    ``(batch, classes)``.
    """
    import keras

    return [
        keras.layers.Dense(1 if classes == 2 else classes),
        keras.layers.Activation("sigmoid" if classes == 2 else "softmax"),
    ]


def loss(classes: int) -> str:
    """Name Keras's loss for class ids ``(batch,)`` and the output of :func:`layers`."""
    return "binary_crossentropy" if classes == 2 else "sparse_categorical_crossentropy"
