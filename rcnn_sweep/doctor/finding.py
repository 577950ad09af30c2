"""One thing that was looked at."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "note", "problem"]


@dataclass(frozen=True)
class Finding:
    """``thing`` as it was found, and ``advice``: what to do about it, empty where it is ok.

    A problem prevents a run; a note limits what can be done or how fast.
    """

    level: Level
    thing: str
    advice: str = ""

    def __str__(self) -> str:
        line = f"{self.level:8} {self.thing}"
        return f"{line}\n{'':8} -> {self.advice}" if self.advice else line


Findings = Iterator[Finding]


def ok(thing: str) -> Finding:
    """Give a finding that is as it should be."""
    return Finding("ok", thing)


def note(thing: str, advice: str) -> Finding:
    """Give a finding that limits something."""
    return Finding("note", thing, advice)


def problem(thing: str, advice: str) -> Finding:
    """Give a finding that prevents a run."""
    return Finding("problem", thing, advice)
