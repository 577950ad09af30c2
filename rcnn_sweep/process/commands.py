"""Commands as a user would type them: this process's own, and others to come next."""

import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from rcnn_sweep.process.escapes import one_line
from rcnn_sweep.process.passwords import without_password

MODULE, FILE = re.compile(r"python -m \w+(\.\w+)*"), re.compile(r"python [^-].*")
"""The programs that :meth:`CommandLine.own` tells."""

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
    def recorded(cls, text: str) -> "CommandLine | None":
        """Read a command that others may have recorded; None for what is none of :meth:`own`.

        What is given can be pasted into a shell: it runs one module or file by Python, and no
        word of it does anything to the shell or to a terminal.

        >>> CommandLine.recorded("python -m app x=1; rm -rf .") is None
        True
        """
        try:
            read = cls.parsed(text)
        except ValueError:  # a quotation without an end
            return None
        is_own = MODULE.fullmatch(" ".join(read.program)) or FILE.fullmatch(" ".join(read.program))
        is_safe = shlex.join((*read.program, *read.words)) == text == one_line(text)
        return read if is_own and is_safe else None

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
