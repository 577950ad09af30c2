"""From values to places in a drawing: linear, logarithmic or named, with round tick marks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import TypeAlias

from rcnn_sweep.format import plain

Value: TypeAlias = bool | int | float | str | None

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
"""The distances between round marks, times a power of ten."""
FENCES = 3.0
"""Tukey's outer fences, in interquartile ranges (Exploratory Data Analysis, 1977)."""
FEWEST_FENCED = 5
"""Values from which quartiles say something about outliers."""
MOST_DECADES = 8
"""On a logarithmic scale: of more, not each has a mark."""


@dataclass(frozen=True)
class Scale:
    """Maps ``low`` to ``start`` and ``high`` to ``end``.

    ``names`` are those of a named scale; a whole scale has its marks at whole numbers.

    >>> Scale(0, 10, 100, 200)(5)
    150.0
    """

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False
    names: tuple[str, ...] = ()
    is_whole: bool = False

    def __call__(self, value: Value) -> float:
        """Give the place of ``value``; a named scale takes any value by its text."""
        number = self.names.index(plain(value)) if self.names else float(value)  # type: ignore[arg-type]
        low, high, at = (self._bent(v) for v in (self.low, self.high, number))
        share = 0.5 if high == low else (at - low) / (high - low)
        return self.start + share * (self.end - self.start)

    def held(self, value: float) -> tuple[float, int]:
        """Give the place of ``value`` on a scale of numbers, at its end where it lies beyond it.

        The second number says so: -1 below the scale, 1 above it, else 0.
        """
        beyond = (value > self.high) - (value < self.low)
        return self(min(max(value, self.low), self.high)), beyond

    def _bent(self, value: float) -> float:
        return math.log(value) if self.is_log else value

    def ticks(self, most: int = 5) -> list[tuple[float, str]]:
        """Give places and labels of at most about ``most`` marks inside the scale."""
        if self.names:
            return [(self(name), name) for name in self.names]
        if self.high == self.low:
            return [(self(self.low), plain(self.low))]
        return [(self(v), plain(v)) for v in self._round_values(most)]

    def _round_values(self, most: int) -> list[float]:
        slack = 1e-9 * (self.high - self.low)
        values = self._decades() if self.is_log else self._multiples(most)
        return [v for v in values if self.low - slack <= v <= self.high + slack]

    def _multiples(self, most: int) -> list[float]:
        """Give the multiples of the smallest round step that makes at most ``most`` of it."""
        least = (self.high - self.low) / most
        power = 10.0 ** math.floor(math.log10(least))
        steps = [step * power for step in STEPS]
        if self.is_whole:
            steps = [step for step in steps if step >= 1 and step.is_integer()] or [1.0]
        step = next((s for s in steps if s >= least * (1 - 1e-9)), steps[-1])
        first, last = math.floor(self.low / step), math.ceil(self.high / step)
        return [number * step for number in range(first, last + 1)]

    def _decades(self) -> list[float]:
        """Give powers of ten, with values between them where the scale has few."""
        decades = math.log10(self.high / self.low)
        within = (1,) if decades > 3 else (1, 2, 5) if decades > 1 else (1, 2, 3, 5, 7)
        stride = max(1, math.ceil(decades / MOST_DECADES))
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        return [part * 10.0**power for power in range(first, last + 1, stride) for part in within]


def scale_of(
    values: Sequence[Value], start: float, end: float, *, is_log: bool = False, pad: float = 0.0
) -> Scale:
    """Give the scale that holds ``values``; texts, truth values and None make a named one.

    ``pad`` widens a linear scale by that share of its range on both sides.
    """
    if not all(_is_number(value) for value in values):
        names = tuple(dict.fromkeys(plain(v) for v in sorted(values, key=_order)))
        return Scale(-0.5, len(names) - 0.5, start, end, names=names)
    numbers = [float(value) for value in values]  # type: ignore[arg-type]
    low, high = min(numbers), max(numbers)
    if is_log and low > 0:
        return Scale(low, high, start, end, is_log=True)
    margin = pad * (high - low) or ((pad and abs(high) * 0.05) or pad)
    is_whole = all(isinstance(value, int) for value in values)
    return Scale(low - margin, high + margin, start, end, is_whole=is_whole)


def main_range(
    values: Sequence[float], others: Sequence[float], kept: Sequence[float]
) -> tuple[float, float]:
    """Give the range worth drawing: ``values`` without the far outliers among them.

    Outliers are beyond Tukey's outer fences, three interquartile ranges from the quartiles, where
    there are five values or more. ``others`` widen the range by its own length at most, and
    ``kept`` are always in it.

    >>> main_range([0.85, 0.86, 0.86, 0.87, 0.88], [0.5, 0.84], [0.85])
    (0.84, 0.88)
    """
    inner = list(values)
    if len(values) >= FEWEST_FENCED:
        first, _, third = quantiles(values, method="inclusive")
        reach = FENCES * (third - first)
        inner = [value for value in values if first - reach <= value <= third + reach]
    inner += kept
    if not inner:
        return min(others), max(others)
    low, high = min(inner), max(inner)
    span = high - low
    near = [v for v in (*values, *others) if not span or low - span <= v <= high + span]
    return min([low, *near]), max([high, *near])


def _is_number(value: Value) -> bool:
    is_plain = isinstance(value, int | float) and not isinstance(value, bool)
    return is_plain and math.isfinite(float(value))  # type: ignore[arg-type]


def _order(value: Value) -> tuple[bool, float, str]:
    """Numbers by size before anything else by its text."""
    return (not _is_number(value), float(value) if _is_number(value) else 0.0, str(value))  # type: ignore[arg-type]
