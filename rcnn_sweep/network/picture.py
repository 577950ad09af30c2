"""What a network looks like: Keras's table of layers, and the picture of them."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


def summary(model: "keras.Model") -> str:
    """Give Keras's table of layers, output shapes and parameters as text."""
    lines: list[str] = []
    model.summary(print_fn=lambda line, **_: lines.append(line), line_length=80)
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class LayerRow:
    """A layer's kind, ``Conv1D``, its output shape, ``(None, 396, 64)``, and the rows it reads."""

    kind: str
    shape: str
    reads: tuple[int, ...]


def layer_rows(model: "keras.Model") -> list[LayerRow]:
    """Tell the layers in order; operations between them are left out."""
    places = {layer.name: place for place, layer in enumerate(model.layers)}
    inputs = {op["name"]: {*_named(op["inbound_nodes"])} for op in model.get_config()["layers"]}

    def read(name: str) -> set[int]:
        known = {places[source] for source in inputs[name] if source in places}
        return known.union(*(read(source) for source in inputs[name] if source not in places))

    return [
        LayerRow(type(layer).__name__, str(layer.output.shape), tuple(sorted(read(layer.name))))
        for layer in model.layers
    ]


def _named(node: Any) -> Iterator[str]:
    """Name the operations whose outputs are in a node of Keras's config."""
    if isinstance(node, dict) and "keras_history" in node:
        yield node["keras_history"][0]
    elif isinstance(node, dict | list | tuple):
        for inner in node.values() if isinstance(node, dict) else node:
            yield from _named(inner)


def graphviz_found() -> bool:
    """Say whether Graphviz's ``dot`` is on the path."""
    return shutil.which("dot") is not None


def draw_architecture(model: "keras.Model", path: Path) -> None:
    """Draw the layers with their shapes through Graphviz into the SVG file ``path``.

    Right-angled lines, Keras's default, end Graphviz 2.43 with a failed assertion where a graph
    branches.
    """
    import keras

    keras.utils.plot_model(
        model,
        to_file=path,
        show_shapes=True,
        show_dtype=False,
        show_layer_names=False,
        splines="polyline",
    )
