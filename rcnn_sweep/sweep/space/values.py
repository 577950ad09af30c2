"""What a point of a space is made of."""

from typing import TypeAlias

Value: TypeAlias = bool | int | float | str | None
Params: TypeAlias = dict[str, Value]
