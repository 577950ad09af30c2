"""Commands as a user would type them: this process's own, and others to come next."""

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from rcnn_sweep.process.passwords import without_password

_typed: ContextVar[tuple[str, ...] | None] = ContextVar("typed", default=None)


def own_command(arguments: list[str] | None = None) -> str:
    """Give this process's command, passwords masked; ``arguments`` replace those it was given."""
    typed = _typed.get()
    if typed is not None:
        return without_password(command(*(typed if arguments is None else arguments)))
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    module = spec.name.removesuffix(".__main__") if spec is not None else None
    program = ["python", "-m", module] if module else ["python", sys.argv[0]]
    words = [*program, *(sys.argv[1:] if arguments is None else arguments)]
    return without_password(shlex.join(words))


def command(*words: str) -> str:
    """Give ``python -m rcnn_sweep WORDS`` quoted for a shell."""
    return shlex.join(["python", "-m", "rcnn_sweep", *words])


@contextmanager
def typed_as(words: Sequence[str]) -> Iterator[None]:
    """Have :func:`own_command` tell ``python -m rcnn_sweep WORDS`` while the block runs.

    For work that Python code asked for, which has a command of the same effect.
    """
    token = _typed.set(tuple(words))
    try:
        yield
    finally:
        _typed.reset(token)
