"""What flows from one part of the network to the next."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """One text inside the network: ``steps`` vectors of ``width`` numbers.

    ``key`` is the option that decides the width, for messages.
    """

    steps: int
    width: int
    key: str
