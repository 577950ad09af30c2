"""The rows of integers in a pickled NumPy array of objects, read without unpickling it.

A pickle is a program; NumPy's own constructors are enough to make it read any address of the
memory. So nothing that a pickle names is called: its opcodes are decoded one by one, those that
an array of lists of integers needs are known, and any other ends the reading. Only runs of
integer opcodes, which can do no harm, are handed to :mod:`pickle`, for speed.
"""

import io
import pickle
import pickletools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

MAX_STEPS = 1_000_000
"""Opcodes besides integers, each of which may make an object: the IMDB archive has 100,000."""

_OPCODES = {opcode.code: opcode for opcode in pickletools.opcodes}
_INTEGERS = re.compile(rb"(?:K.|M..|J....)++", re.DOTALL)
_SHORT = 8  # integers: a shape, or the state of a dtype

_NAMES = {
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): "dtype",
    ("numpy.core.multiarray", "_reconstruct"): "reconstruct",
    ("numpy._core.multiarray", "_reconstruct"): "reconstruct",
    ("_codecs", "encode"): "encode",  # how Python 3 writes bytes into an old pickle
}


@dataclass(frozen=True)
class _Name:
    """What a pickle names, to be called: it stands for it and cannot be."""

    name: str


@dataclass(slots=True)
class _List:
    """A list of integers, or of such lists; no deeper, so that nothing grows or comes round."""

    items: list[Any] = field(default_factory=list)
    has_rows: bool = False
    is_row: bool = False

    def extend(self, parts: list[Any]) -> None:
        if self.is_row:
            raise ValueError("it changes a list that is in another one already")
        for part in parts:
            if type(part) is list and not self.items:
                self.items = part  # a run of integers, which nothing else refers to
            elif type(part) is list:
                self.items.extend(part)
            elif type(part) is int:
                self.items.append(part)
            elif isinstance(part, _List) and not part.has_rows and part is not self:
                self.has_rows = part.is_row = True
                self.items.append(part.items)
            else:
                raise ValueError(f"it holds {_kind(part)} in a list, and not an integer")


class _Dtype:
    """A dtype of objects."""


@dataclass
class _Array:
    """An array, with what is in it as soon as the pickle has said so."""

    shape: tuple[int, ...] = ()
    rows: _List | None = None
    fortran: bool = False


def read_rows(content: bytes) -> tuple[list[Any], tuple[int, ...], bool]:
    """Give the items of a pickled array, its shape and whether they are in Fortran's order.

    An item is an integer or a list of integers. Memory is at most some forty times ``content``
    and :data:`MAX_STEPS` small objects. Raises ``ValueError`` for any other pickle.
    """
    reader = _Reader(content)
    try:
        array = reader.read()
    except (LookupError, AttributeError, TypeError, UnicodeError) as error:
        raise ValueError(f"its pickle is damaged before byte {reader.place:,}") from error
    if not isinstance(array, _Array) or array.rows is None:
        raise ValueError("its pickle is not an array")
    return array.rows.items, array.shape, array.fortran


class _Reader:
    """A pickle machine that knows few opcodes and calls nothing."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._file = io.BytesIO(content)
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}
        self.place = 0

    def read(self) -> Any:
        """Give what the pickle stands for."""
        for _ in range(MAX_STEPS):
            if (code := self._next()) == ".":
                return self._pop()
            self._take(code)
        raise ValueError(f"it has more than {MAX_STEPS:,} parts")

    def integers(self) -> None:
        """Push a whole run of integers; a long one stays together as a list."""
        run = _INTEGERS.match(self._content, self.place - 1)
        if run is None:
            raise ValueError("its pickle breaks off")
        self.place = run.end()
        integers = pickle.loads(b"(" + run[0] + b"l.")  # noqa: S301 - integers and nothing else
        if len(integers) > _SHORT:
            self._stack.append(integers)
        else:
            self._stack.extend(integers)

    def _next(self) -> str:
        code = self._content[self.place : self.place + 1].decode("latin-1")
        if not code:
            raise ValueError("its pickle breaks off")
        self.place += 1
        return code

    def _take(self, code: str) -> None:
        if (step := _STEPS.get(code)) is not None:
            step(self)
            return
        opcode = _OPCODES.get(code)
        if opcode is None or opcode.name not in _WITH_ARGUMENT:
            name = opcode.name if opcode else repr(code)
            raise ValueError(f"it asks for {name}, which is not an array of integers")
        self._file.seek(self.place)
        argument = opcode.arg.reader(self._file) if opcode.arg else None
        self.place = self._file.tell()
        _WITH_ARGUMENT[opcode.name](self, argument)

    def _pop(self) -> Any:
        if self._marks and self._marks[-1] == len(self._stack):
            raise ValueError("its pickle is damaged")
        return self._stack.pop()

    def _popped(self, count: int) -> tuple[Any, ...]:
        return tuple(reversed([self._pop() for _ in range(count)]))

    def _since_mark(self) -> list[Any]:
        mark = self._marks.pop()
        parts = self._stack[mark:]
        del self._stack[mark:]
        return parts

    def push(self, value: Any) -> None:
        self._stack.append(value)

    def mark(self) -> None:
        self._marks.append(len(self._stack))

    def memoize(self) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def put(self, place: int) -> None:
        self._memo[place] = self._stack[-1]

    def get(self, place: int) -> None:
        self._stack.append(self._memo[place])

    def append(self) -> None:
        part = self._pop()
        self._list().extend([part])

    def appends(self) -> None:
        parts = self._since_mark()
        self._list().extend(parts)

    def _list(self) -> _List:
        target = self._stack[-1]
        if not isinstance(target, _List):
            raise ValueError(f"it puts something into {_kind(target)}, which is no list")
        return target

    def tuple_of(self, count: int) -> None:
        self._stack.append(self._popped(count))

    def tuple_since_mark(self) -> None:
        self._stack.append(tuple(self._since_mark()))

    def name(self, text: str) -> None:
        module, _, name = text.partition(" ")
        self._named(module, name)

    def stacked_name(self) -> None:
        self._named(*self._popped(2))

    def _named(self, module: str, name: str) -> None:
        known = _NAMES.get((module, name))
        if known is None:
            raise ValueError(f"it asks for {module!s:.60}.{name!s:.60}, which is not an array")
        self._stack.append(_Name(known))

    def reduce(self) -> None:
        name, arguments = self._popped(2)
        if not isinstance(name, _Name) or not isinstance(arguments, tuple):
            raise ValueError("its pickle calls what is not an array")
        self._stack.append(_stand_in(name, arguments))

    def build(self) -> None:
        state = self._pop()
        target = self._stack[-1]
        if isinstance(target, _Array):
            _, target.shape, dtype, fortran, rows = state
            if not (isinstance(dtype, _Dtype) and isinstance(rows, _List)):
                raise ValueError("it is no array of objects")
            target.rows, target.fortran = rows, bool(fortran)
        elif not isinstance(target, _Dtype):  # whose state adds nothing for objects
            raise ValueError(f"it fills {_kind(target)}, which is not an array")


def _stand_in(name: _Name, arguments: tuple[Any, ...]) -> Any:
    if name.name == "reconstruct" and arguments[:1] == (_Name("ndarray"),):
        return _Array()
    if name.name == "dtype" and arguments[0] in {"O", "O4", "O8", "|O"}:
        return _Dtype()
    if name.name == "encode":
        text, codec = arguments
        if codec != "latin1":
            raise ValueError(f"it asks for the codec {codec!r:.60}")
        return text.encode("latin1")
    raise ValueError(f"it calls {name.name} with {_kind(arguments[0])}, which is no array")


def _kind(value: Any) -> str:
    plain = {"_List": "a list", "_Array": "an array", "_Name": "a name", "_Dtype": "a dtype"}
    kind = type(value).__name__
    return plain.get(kind, f"a value of the type {kind}")


_STEPS: dict[str, Callable[[_Reader], None]] = {
    **dict.fromkeys("KMJ", _Reader.integers),
    "]": lambda reader: reader.push(_List()),
    "(": _Reader.mark,
    "e": _Reader.appends,
    "a": _Reader.append,
    "\x94": _Reader.memoize,
    ")": lambda reader: reader.tuple_of(0),
    "\x85": lambda reader: reader.tuple_of(1),
    "\x86": lambda reader: reader.tuple_of(2),
    "\x87": lambda reader: reader.tuple_of(3),
    "t": _Reader.tuple_since_mark,
    "N": lambda reader: reader.push(None),
    "\x88": lambda reader: reader.push(True),
    "\x89": lambda reader: reader.push(False),
    "\x93": _Reader.stacked_name,
    "R": _Reader.reduce,
    "b": _Reader.build,
}

_WITH_ARGUMENT: dict[str, Callable[[_Reader, Any], None]] = {
    "PROTO": lambda reader, version: None,
    "FRAME": lambda reader, size: None,
    "BINPUT": _Reader.put,
    "LONG_BINPUT": _Reader.put,
    "BINGET": _Reader.get,
    "LONG_BINGET": _Reader.get,
    "GLOBAL": _Reader.name,
    **dict.fromkeys(
        (
            "SHORT_BINUNICODE",
            "BINUNICODE",
            "SHORT_BINBYTES",
            "BINBYTES",
            "SHORT_BINSTRING",
            "BINSTRING",
        ),
        _Reader.push,
    ),
}
