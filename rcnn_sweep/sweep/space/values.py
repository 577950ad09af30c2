"""What a point of a space is made of."""

from typing import TypeAlias

Value: TypeAlias = bool | int | float | str | None
Params: TypeAlias = dict[str, Value]
Identity: TypeAlias = tuple[Value, ...]
"""What tells a point from the others of its space, fit for sets."""
