"""The optimizers and learning-rate schedules by their names in the group ``training``."""

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


SCHEDULES = ("constant", "cosine")


def optimizer(
    name: str, learning_rate: float, *, clipnorm: float | None = None, ema: float | None = None
) -> "keras.optimizers.Optimizer":
    """Make the optimizer ``name``, a key of :data:`OPTIMIZERS`.

    ``clipnorm`` is the largest Euclidean norm that the gradient of each weight tensor keeps; of an
    embedding it is that of its slices, one for each word read, since Keras clips them before those
    of one word are summed. With ``ema`` the optimizer keeps a moving average of the weights, which
    begins with those after the first batch and after each is ``ema`` times itself plus the rest of
    the new weights.
    """
    import keras

    made: keras.optimizers.Optimizer = getattr(keras.optimizers, OPTIMIZERS[name])(
        learning_rate=learning_rate,
        clipnorm=clipnorm,
        use_ema=ema is not None,
        ema_momentum=0.0 if ema is None else ema,
    )
    return made


def momentum(ema: float, steps: int) -> float:
    """Give the momentum with which weights are averaged where an epoch has ``steps`` batches.

    An average goes over some ``1 / (1 - ema)`` batches, but over no more than an epoch has: else
    the weights after the first batch would rule where little is trained.

    >>> momentum(0.95, 40), momentum(0.95, 4), momentum(0.95, 1)
    (0.95, 0.75, 0.0)
    """
    return min(ema, 1 - 1 / steps)


def schedule(
    name: str, learning_rate: float, steps: int
) -> "float | keras.optimizers.schedules.LearningRateSchedule":
    """Make the schedule ``name`` of :data:`SCHEDULES`, from ``learning_rate`` over ``steps``.

    "cosine" falls along half a cosine to 0 (Loshchilov and Hutter, *SGDR*, ICLR 2017, without
    restarts): the batch ``t`` from 0 has ``learning_rate * (1 + cos(pi * t / steps)) / 2``.
    """
    import keras

    if name == "constant":
        return learning_rate
    return keras.optimizers.schedules.CosineDecay(learning_rate, steps)
