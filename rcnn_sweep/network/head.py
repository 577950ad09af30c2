"""The last part: one dense layer that decides, and the loss that belongs to its output."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

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


def loss(classes: int, label_smoothing: float = 0.0) -> "keras.losses.Loss":
    """Make the loss for class ids ``(batch,)`` and the output of the part: the cross-entropy.

    ``label_smoothing`` of the true class's probability of 1 is spread evenly over all classes
    (Szegedy et al., *Rethinking the Inception Architecture*, CVPR 2016), as Keras does where it
    takes the option; its loss for class ids does not, so that one's targets are written out.
    """
    import keras

    if classes == 2:
        return keras.losses.BinaryCrossentropy(label_smoothing=label_smoothing)
    if label_smoothing == 0:
        return keras.losses.SparseCategoricalCrossentropy()

    class Smoothed(keras.losses.CategoricalCrossentropy):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return super().call(keras.ops.one_hot(y_true, classes), y_pred)

    return Smoothed(label_smoothing=label_smoothing)
