"""The recurrent convolutional network: a config becomes a compiled ``keras.Model``."""

from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy

if TYPE_CHECKING:
    from rcnn_sweep.network.model import (
        OPTIMIZERS,
        architecture,
        build,
        graphviz_found,
        layers,
        summary,
    )

__all__ = [
    "OPTIMIZERS",
    "architecture",
    "build",
    "graphviz_found",
    "layers",
    "summary",
]

__getattr__ = lazy(__name__)
