"""Commands as a user would type them: this process's own, and others to come next.


Records hold ``python -m rcnn_sweep ...``, whatever machine they are read on. What is printed
begins with what starts this very interpreter from the working directory (:func:`interpreter`).
"""

import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from rcnn_sweep.process.escapes import one_line
from rcnn_sweep.process.passwords import without_password

MODULE, FILE = re.compile(r"python -m \w+(\.\w+)*"), re.compile(r"python [^-].*")
"""The programs that :meth:`CommandLine.own` tells."""

PYTHON = "python"
OURS = (PYTHON, "-m", "rcnn_sweep")

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
        program = (PYTHON, "-m", module) if module else (PYTHON, name)
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
        """Give what is recorded, for a shell, passwords masked; :func:`typable` is to be typed."""
        return shlex.join(map(without_password, (*self.program, *self.words)))


def command(*words: str) -> str:
    """Give ``python -m rcnn_sweep WORDS`` to be typed here, quoted for a shell."""
    return module_command(OURS[2], *words)


def module_command(module: str, *words: str) -> str:
    """Give ``python -m MODULE WORDS`` to be typed here, quoted for a shell."""
    return shlex.join([interpreter(), "-m", module, *words])


def typable(recorded: str) -> str:
    """Give a recorded command, ``python ...``, to be typed here; another is left as it is."""
    start, end = f"{PYTHON} ", f"{shlex.quote(interpreter())} "
    return end + recorded.removeprefix(start) if recorded.startswith(start) else recorded


def interpreter() -> str:
    """Give the word that starts this interpreter in a shell whose folder is the working directory.

    A bare name where the search path leads to it, else its path, relative where it lies below.
    """
    own = Path(sys.executable)
    for name in dict.fromkeys((PYTHON, "python3", own.name)):
        if _leads_to(shutil.which(name), own):
            return name
    return _place(own)


def script_command(name: str, *words: str) -> str | None:
    """Give the command of a script that is installed beside this interpreter, None without it."""
    own = Path(sys.executable).with_name(name)
    if not own.is_file():
        return None
    return shlex.join([name if _leads_to(shutil.which(name), own) else _place(own), *words])


def _leads_to(found: str | None, own: Path) -> bool:
    """Say whether a program that was found is ``own``: links out of an environment hide which."""
    if found is None or not own.exists():
        return False
    is_beside = os.path.normpath(Path(found).parent.absolute()) == os.path.normpath(own.parent)
    return is_beside and Path(found).samefile(own)


def import_path() -> str:
    """Give ``PYTHONPATH`` for a process that is to import what this one does."""
    return os.pathsep.join(path or str(Path.cwd()) for path in sys.path)


def _place(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


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
