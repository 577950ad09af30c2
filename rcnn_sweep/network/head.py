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

    Branches are joined side by side; ``logits``, ``(batch, columns)``, are added to those made of
    them, and have a bias where there are none. Two ``classes`` have one sigmoid, ``(batch, 1)``,
    the probability of the second; more a softmax, ``(batch, classes)``.
    """
    import keras

    nothing = [] if logits is None else [keras.layers.Rescaling(0.0)(logits)]
    parts = branches or nothing  # of nothing, a dense layer makes its bias
    joined = keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    made = keras.layers.Dense(columns(classes))(joined)
    if logits is not None:
        made = keras.layers.Add()([made, logits])
    return keras.layers.Activation("sigmoid" if classes == 2 else "softmax")(made)


def loss(classes: int) -> str:
    """Name Keras's loss for class ids ``(batch,)`` and the output of :func:`apply`."""
    return "binary_crossentropy" if classes == 2 else "sparse_categorical_crossentropy"
