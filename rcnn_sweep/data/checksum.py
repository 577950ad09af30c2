"""Checksums of files, read in pieces."""

import hashlib
import zlib
from pathlib import Path

PIECE = 1 << 20


def digest(path: Path, algorithm: str = "sha256") -> str:
    """Give the hexadecimal checksum of the file at ``path``; raises ``OSError``."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def crc(path: Path) -> int:
    """Give the CRC-32 of the file at ``path``: quick, against damage, not against intent."""
    value = 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            value = zlib.crc32(piece, value)
    return value
