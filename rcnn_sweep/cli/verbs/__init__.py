"""The verbs: ``python -m rcnn_sweep VERB ...``, one module each, named as the verb is.

Each has ``main(words)``, which takes the words after the verb and gives the exit code (None: 0).
A verb's module is imported when it is asked for, so the others cost nothing.
"""

import importlib
from collections.abc import Callable, Sequence
from typing import cast

VERBS = ("studies", "refit", "report", "predict", "reproduce", "doctor")


def verb(name: str) -> Callable[[Sequence[str]], int | None]:
    """Give the function that does the verb ``name``."""
    module = importlib.import_module(f"{__name__}.{name}")
    return cast(Callable[[Sequence[str]], int | None], module.main)
