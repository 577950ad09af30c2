"""Rules for options: each says, in one sentence, how a value breaks it, and nothing where it holds.

>>> list(at_least("conv.filters", 0, 1))
['conv.filters: expected a whole number, 1 or more; received 0.']
>>> list(one_of("conv.padding", "valid", ("valid", "same")))
[]
"""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any


def one_of(key: str, value: Any, choices: Sequence[Any]) -> Iterator[str]:
    """Ask for one of ``choices``; None among them is written as null."""
    if value not in choices:
        listed = ", ".join("null" if choice is None else str(choice) for choice in choices)
        hint = nearest(str(value), [str(choice) for choice in choices if choice is not None])
        yield f"{key}: expected one of {listed}; received {value!r}.{hint}"


def at_least(key: str, value: int | None, low: int, high: int | None = None) -> Iterator[str]:
    """Ask for a whole number from ``low`` to ``high`` (None: without end); None is no number."""
    if value is not None and (value < low or (high is not None and value > high)):
        upto = "or more" if high is None else f"to {high}"
        yield f"{key}: expected a whole number, {low} {upto}; received {value}."


def above(key: str, value: float, low: float) -> Iterator[str]:
    """Ask for a finite number above ``low``."""
    if not low < value < float("inf"):
        yield f"{key}: expected a finite number above {low}; received {value}."


def fraction(key: str, value: float) -> Iterator[str]:
    """Ask for a part that leaves something on either side."""
    if not 0 < value < 1:
        yield f"{key}: expected a fraction between 0 and 1, both excluded; received {value}."


def rate(key: str, value: float) -> Iterator[str]:
    """Ask for a rate of dropout or smoothing."""
    if not 0 <= value < 1:
        yield f"{key}: expected 0 or more and below 1 (at 1 nothing is left); received {value}."


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Ask, with a blank before it, whether :func:`closest` was meant; "" without one.

    >>> nearest("maximise", ["maximize", "minimize"])
    ' Did you mean maximize?'
    """
    near = closest(word, known, cutoff=cutoff)
    return f" Did you mean {near}?" if near else ""


def closest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Give the word of ``known`` most like ``word``, None where none is like it.

    ``cutoff`` is how like it must be, from 0 to 1 (:func:`difflib.get_close_matches`).
    """
    near = get_close_matches(word, list(known), n=1, cutoff=cutoff)
    return near[0] if near else None
