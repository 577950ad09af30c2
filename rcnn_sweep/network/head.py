"""The last part: one dense layer that decides, and the loss that belongs to its output."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


def apply(branches: "Sequence[keras.KerasTensor]", classes: int) -> "keras.KerasTensor":
    """Build the part: what each branch made of a text, ``(batch, width)``, to probabilities.

    Branches are joined side by side. Two ``classes`` have one sigmoid, ``(batch, 1)``, the
    probability of the second; more a softmax, ``(batch, classes)``.
    """
    import keras

    joined = branches[0] if len(branches) == 1 else keras.layers.Concatenate()(branches)
    logits = keras.layers.Dense(1 if classes == 2 else classes)(joined)
    return keras.layers.Activation("sigmoid" if classes == 2 else "softmax")(logits)


def loss(classes: int) -> str:
    """Name Keras's loss for class ids ``(batch,)`` and the output of :func:`apply`."""
    return "binary_crossentropy" if classes == 2 else "sparse_categorical_crossentropy"
