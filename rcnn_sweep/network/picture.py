"""What a network looks like: Keras's table of layers, and the picture of them."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


def summary(model: "keras.Model") -> str:
    """Give Keras's table of layers, output shapes and parameters as text."""
    lines: list[str] = []
    model.summary(print_fn=lambda line, **_: lines.append(line), line_length=80)
    return "\n".join(lines) + "\n"


def layer_shapes(model: "keras.Model") -> list[tuple[str, str]]:
    """Name each layer's kind and output shape, ``("Conv1D", "(None, 396, 64)")``, in order."""
    return [(type(layer).__name__, str(layer.output.shape)) for layer in model.layers]


def graphviz_found() -> bool:
    """Say whether Graphviz's ``dot`` is on the path."""
    return shutil.which("dot") is not None


def draw_architecture(model: "keras.Model", path: Path) -> None:
    """Draw the layers with their shapes through Graphviz into the SVG file ``path``."""
    import keras

    keras.utils.plot_model(
        model, to_file=path, show_shapes=True, show_dtype=False, show_layer_names=False
    )
