"""The last part: one dense layer that decides, and the loss that belongs to its output."""

from typing import TYPE_CHECKING, Any

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
