"""Names of a package that are imported when they are first used (PEP 562).

A package's ``__init__`` is its face: it lists what others may use of it. Where importing all of
that would bring in something heavy, Optuna or MLflow or TensorFlow, the imports stand under ``if
TYPE_CHECKING:``, where type checkers see them, and the last line leaves them to their first use::

    if TYPE_CHECKING:
        from rcnn_sweep.tracking.writer import RunWriter

    __all__ = ["RunWriter"]

    if not TYPE_CHECKING:  # to a type checker it would admit any name
        __getattr__ = lazy(__name__)
"""

import ast
import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any


def lazy(package: str) -> Callable[[str], Any]:
    """Give the ``__getattr__`` of ``package``: it imports what stands under ``TYPE_CHECKING``."""

    def find(name: str) -> Any:
        module = homes(package).get(name)
        if module is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(module), name)
        setattr(sys.modules[package], name, value)
        return value

    return find


@cache
def homes(package: str) -> dict[str, str]:
    """Give the module of each name that ``package`` imports under ``TYPE_CHECKING``."""
    spec = find_spec(package)
    source = getattr(spec and spec.loader, "get_source", lambda name: "")(package)
    return dict(_imported(ast.parse(source or "")))


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name):
            for inner in node.body:
                if node.test.id == "TYPE_CHECKING" and isinstance(inner, ast.ImportFrom):
                    yield from ((alias.name, str(inner.module)) for alias in inner.names)
