"""Lines of bytes become lines of text; what is wrong is told with the number of the line."""

import os
import select
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from rcnn_sweep.errors import UserError

PAUSE_SECONDS = 0.2
"""A pipe that is silent for so long gets answers to what it has sent."""

LONGEST_LINE = 1 << 24
"""Bytes. A review has thousands; one line without end must not fill the memory."""

PIECE = 1 << 20
BOM = b"\xef\xbb\xbf"


def lines_of(stream: BinaryIO) -> Iterator[bytes]:
    """Give the lines of a binary stream, line ends included; one too long is given in part."""
    return iter(lambda: stream.readline(LONGEST_LINE + 1), b"")


def lines_arriving(descriptor: int) -> Iterator[bytes | None]:
    """Give the lines that arrive at a file descriptor, and None whenever it falls silent."""
    rest = b""
    while len(rest) <= LONGEST_LINE:
        if not select.select([descriptor], [], [], PAUSE_SECONDS)[0]:
            yield None
        piece = os.read(descriptor, PIECE)
        if not piece:
            break
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line + b"\n" for line in whole)
    if rest:
        yield rest


def decoded(lines: Iterable[bytes | None], name: str) -> Iterator[str | None]:
    """Give lines as text, line ends included; None (silence) passes.

    Raises :class:`UserError` naming ``name`` and the line, where one is not UTF-8 or too long.
    """
    number = 0
    for line in lines:
        if line is None:
            yield None
            continue
        number += 1
        yield _decoded(line.removeprefix(BOM) if number == 1 else line, f"{name}, line {number}")


def _decoded(line: bytes, place: str) -> str:
    if len(line) > LONGEST_LINE:
        raise UserError(
            f"{place}: expected at most {LONGEST_LINE >> 20} MiB a line; received more.\n"
            "Is it a file of texts? Put line ends between them."
        )
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise UserError(
            f"{place}: expected UTF-8; received the byte 0x{line[error.start]:02x} at place "
            f"{error.start + 1}.\nConvert it first: iconv -f latin1 -t utf-8, or another -f."
        ) from error
