"""Two sets of numbers side by side, and whether they agree.

The tolerances for another machine are wider than what rounding does and narrower than what another
seed does. On IMDB after one epoch, two threads in place of one moved accuracy by .003 and loss by
2 %; over three seeds they ranged over .026 and 18 %. A share of few texts moves by more: three
binomial standard errors.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rcnn_sweep.metrics import Kind, each_epoch, find, names
from rcnn_sweep.reproduction.original import Numbers

TOLERANCE_SHARE = 0.02
TOLERANCE_LOSS = 0.1
STANDARD_ERRORS = 3.0


@dataclass(frozen=True)
class Row:
    """One number then and again. ``again`` is None where the second run has none."""

    metric: str
    step: int
    then: float
    again: float | None
    limit: float

    @property
    def agrees(self) -> bool:
        """Whether the two are no further apart than the limit (0: equal bit for bit)."""
        return self.again is not None and abs(self.again - self.then) <= self.limit

    @property
    def verdict(self) -> str:
        """The comparison in words."""
        if self.again is None:
            return "missing"
        if self.again == self.then:
            return "equal"
        distance = f"{abs(self.again - self.then):.2g}"
        if self.limit == 0:
            return f"differs by {distance}"
        return f"{'within' if self.agrees else 'beyond'} {self.limit:.2g} ({distance})"


def compare(then: Numbers, again: Numbers, limits: Mapping[str, float]) -> list[Row]:
    """Compare every recorded number; ``limits`` by metric, 0 where there is none."""
    order = names(each_epoch())

    def place(key: tuple[str, int]) -> tuple[bool, int, int, str]:
        name, step = key
        is_final = name not in order
        return is_final, step, len(order) if is_final else order.index(name), name

    keys = sorted(then, key=place)
    return [Row(*key, then[key], again.get(key), limits.get(key[0], 0.0)) for key in keys]


def tolerances(then: Numbers, rows: Mapping[str, int]) -> dict[str, float]:
    """Give what each metric may differ by on another machine.

    ``rows`` counts the texts of the splits train, val and test.
    """
    limits: dict[str, float] = {}
    for (name, _), value in then.items():
        metric = find(name)
        if metric is not None and metric.kind is Kind.EPOCH:
            limits[name] = float(max(step for _, step in then))  # rounding may move the best one
        elif metric is not None and metric.split is not None:
            limit = _limit(metric.kind, value, rows[metric.split])
            limits[name] = max(limit, limits.get(name, 0.0))
    return limits


def _limit(kind: Kind, value: float, rows: int) -> float:
    if kind is Kind.LOSS:
        return TOLERANCE_LOSS * abs(value)
    share = min(max(value, 0.0), 1.0)
    return max(TOLERANCE_SHARE, STANDARD_ERRORS * math.sqrt(share * (1 - share) / rows))


def table(rows: Sequence[Row]) -> str:
    """Lay the rows out as lines of text under a header."""
    cells = [("metric", "epoch", "recorded", "again", "")]
    epochs = names(each_epoch())
    for row in rows:
        step = str(row.step) if row.metric in epochs else "end"
        again = "-" if row.again is None else f"{row.again:.10g}"
        cells.append((row.metric, step, f"{row.then:.10g}", again, row.verdict))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join(map(str.ljust, line, widths)).rstrip() for line in cells)
    return "\n".join(lines)


def closing(rows: Sequence[Row], *, exactly: bool) -> str:
    """Say in one sentence how many numbers agree."""
    apart = [row for row in rows if not row.agrees]
    how = "exactly" if exactly else "within tolerance"
    if not apart:
        return f"Reproduced: all {len(rows)} numbers agree {how}."
    first = apart[0]
    place = f"epoch {first.step}" if first.step else "at the end"
    return (
        f"Not reproduced: {len(apart)} of {len(rows)} numbers do not agree {how}, "
        f"the first is {first.metric} ({place})."
    )
