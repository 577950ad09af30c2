"""Text of others, made fit for a terminal."""

import re

# C0 and C1 controls but for line feed and tab, marks that turn the direction of writing, and halves
# of characters, which no encoding can write.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)

_ENDS = re.compile("[\t\n\u2028\u2029]")


def printable(text: str) -> str:
    r"""Give ``text`` with an escape for each character that would do something to a terminal.

    >>> print(printable("a\x1b[31mred"))
    a\x1b[31mred
    """
    return _UNPRINTABLE.sub(_escaped, text)


def one_line(text: str) -> str:
    r"""Give ``text`` as :func:`printable` does, without an end of a line in it.

    >>> print(one_line("a\nresume: b"))
    a\nresume: b
    """
    return _ENDS.sub(_escaped, printable(text))


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
