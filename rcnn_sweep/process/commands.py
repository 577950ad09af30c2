"""Commands as a user would type them: this process's own, and others to come next."""

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from rcnn_sweep.process.passwords import without_password

OURS = ("python", "-m", "rcnn_sweep")

_typed: ContextVar[tuple[str, ...] | None] = ContextVar("typed", default=None)


@dataclass(frozen=True)
class CommandLine:
    """A program and the words after it.

    >>> str(CommandLine(("python", "-m", "app"), ("-m", "x=1,2")).with_words("x=2"))
    'python -m app x=2'
    """

    program: tuple[str, ...]
    words: tuple[str, ...]

    @classmethod
    def own(cls) -> "CommandLine":
        """Give the command line that this process was started with, or :func:`typed_as`."""
        if (typed := _typed.get()) is not None:
            return cls(OURS, typed)
        spec = getattr(sys.modules["__main__"], "__spec__", None)
        module = spec.name.removesuffix(".__main__") if spec is not None else None
        name, *words = sys.argv or [""]
        program = ("python", "-m", module) if module else ("python", name)
        return cls(program, tuple(words))

    @classmethod
    def parsed(cls, text: str) -> "CommandLine":
        """Read what :meth:`__str__` gave."""
        words = tuple(shlex.split(text))
        length = 3 if words[1:2] == ("-m",) else 2
        return cls(words[:length], words[length:])

    def with_words(self, *words: str) -> "CommandLine":
        """Give the same program with other words."""
        return CommandLine(self.program, words)

    def __str__(self) -> str:
        """Give what a user would type into a shell, passwords masked."""
        return shlex.join(map(without_password, (*self.program, *self.words)))


def command(*words: str) -> str:
    """Give ``python -m rcnn_sweep WORDS`` quoted for a shell."""
    return shlex.join([*OURS, *words])


@contextmanager
def typed_as(words: Sequence[str]) -> Iterator[None]:
    """Have :meth:`CommandLine.own` give ``python -m rcnn_sweep WORDS`` while the block runs.

    For work that Python code asked for, which has a command of the same effect.
    """
    token = _typed.set(tuple(words))
    try:
        yield
    finally:
        _typed.reset(token)
