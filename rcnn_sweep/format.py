"""How numbers, durations and dates are written for people."""

import math
from datetime import UTC, datetime
from typing import Any

from rcnn_sweep.process import without_password

MINUS = "\N{MINUS SIGN}"
NONE = "\N{EN DASH}"


def plain(value: Any) -> str:
    """Give a parameter or a tick as text: six significant digits at most, no password.

    >>> plain(0.30000000000000004), plain(64), plain(None)
    ('0.3', '64', 'None')
    """
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.6g}"
    return without_password(str(value))


def metric(value: float | None) -> str:
    """Give a number with four decimals, as the terminal does, from 100 upwards with one or none.

    >>> metric(0.88314), metric(303935.0), metric(175.7865)
    ('0.8831', '303,935', '175.8')
    """
    if value is None:
        return NONE
    if not math.isfinite(value):
        return str(value)
    if 100 <= abs(value) < 1e12:
        shown = f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"
    else:
        shown = f"{value:.4f}" if value == 0 or 1e-3 <= abs(value) < 100 else f"{value:.4g}"
    return shown.replace("-", MINUS)


def signed(value: float) -> str:
    """Give a difference with its sign."""
    shown = metric(abs(value))
    return f"{MINUS if value < 0 else '+'}{shown}"


def bounds(interval: tuple[float, float]) -> str:
    """Give an interval of differences, both ends with their sign and four decimals.

    >>> bounds((-0.0687, -0.000684))
    '\N{MINUS SIGN}0.0687 to \N{MINUS SIGN}0.0007'
    """
    return " to ".join(f"{end:+.4f}".replace("-", MINUS) for end in interval)


def capital(sentence: str) -> str:
    """Give a sentence or title with a capital at its beginning, the rest as it is."""
    return sentence[:1].upper() + sentence[1:]


def share(value: float) -> str:
    """Give a fraction in whole per cent."""
    return f"{100 * value:.0f} %"


def duration(seconds: float | None) -> str:
    """Give a duration a person can read.

    >>> duration(5.25), duration(754), duration(7300)
    ('5.2 s', '12 min 34 s', '2 h 1 min')
    """
    if seconds is None:
        return NONE
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def date(moment: datetime | float | None) -> str:
    """Give a local moment, or Unix seconds as UTC, to the minute."""
    if moment is None:
        return NONE
    if isinstance(moment, datetime):
        return f"{moment:%Y-%m-%d %H:%M}"
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M} UTC"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Give ``1 trial``, ``2 trials``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def joined(parts: list[str]) -> str:
    """Give ``a, b and c``."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
