"""Files that are never seen half written, whatever ends the process."""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PARTIAL = ".partial"
"""How the names of files and folders end that are being made."""

FILE_MODE = 0o666
"""Permissions of a new file before the user's umask, as ``open`` has them."""


def _mode(path: Path) -> int:
    """Give the permissions of the file at ``path``, else those of a new one."""
    try:
        found = path.lstat().st_mode
    except FileNotFoundError:
        found = 0
    return stat.S_IMODE(found) if stat.S_ISREG(found) else FILE_MODE & ~_umask()


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Give a binary file to write; after the block it takes the place of ``path``, whole.

    It is a private new file in the same folder, so that nobody can have planted it and the move
    is one step; a link at ``path`` is replaced, not followed. Permissions that ``path`` has stay.
    Its content is on disk before the move and the name after it. A block that raises
    leaves ``path`` as it was. Raises ``OSError`` where the folder cannot be written.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=PARTIAL, dir=path.parent)
    partial = Path(name)
    try:
        mode = _mode(path)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.chmod(mode)
        partial.replace(path)
        sync_folder(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 to ``path``, whole or not at all."""
    with replacing(path) as file:
        file.write(text.encode())


def whole_files(folder: Path) -> list[Path]:
    """Give the files below ``folder``, without those that somebody is writing."""
    return sorted(p for p in folder.rglob("*") if p.suffix != PARTIAL and p.is_file())


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` survive a crash of the machine."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    """Give this process's umask, which can only be read by setting it."""
    current = os.umask(0o077)
    os.umask(current)
    return current
