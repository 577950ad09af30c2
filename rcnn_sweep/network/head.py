"""The last part: one dense layer that decides, and the loss that belongs to its output."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


def columns(classes: int) -> int:
    """Give how many logits tell ``classes`` classes apart: of two, that of the second."""
    return 1 if classes == 2 else classes


def apply(
    branches: "Sequence[keras.KerasTensor]",
    classes: int,
    logits: "keras.KerasTensor | None" = None,
) -> "keras.KerasTensor":
    """Build the part: what each branch made of a text, ``(batch, width)``, to probabilities.

    Branches are joined side by side; ``logits``, ``(batch, columns)``, are added to those that are
    made of them, or stand alone but for a dense layer that leaves them as they are at first. Two
    ``classes`` have one sigmoid, ``(batch, 1)``, the probability of the second; more a softmax,
    ``(batch, classes)``.
    """
    import keras

    if branches:
        joined = branches[0] if len(branches) == 1 else keras.layers.Concatenate()(branches)
        made = keras.layers.Dense(columns(classes))(joined)
        logits = made if logits is None else keras.layers.Add()([made, logits])
    else:
        logits = keras.layers.Dense(columns(classes), kernel_initializer="identity")(logits)
    return keras.layers.Activation("sigmoid" if classes == 2 else "softmax")(logits)


def loss(classes: int) -> str:
    """Name Keras's loss for class ids ``(batch,)`` and the output of :func:`apply`."""
    return "binary_crossentropy" if classes == 2 else "sparse_categorical_crossentropy"
