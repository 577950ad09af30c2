"""The command ``python -m rcnn_sweep``: verbs, help, answers to mistakes."""

from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy

if TYPE_CHECKING:
    from rcnn_sweep.cli.program import main

__all__ = [
    "main",
]

if not TYPE_CHECKING:
    __getattr__ = lazy(__name__)
