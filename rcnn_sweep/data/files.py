"""Files of the data: given by the user, or kept in the cache folder, whole or not at all."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from rcnn_sweep.errors import DataError
from rcnn_sweep.process import replacing

if TYPE_CHECKING:
    from filelock import FileLock

Say = Callable[[str], None]
"""What receives announcements, a text each."""


def given_file(value: str, setting: str) -> Path:
    """Give the absolute path of the file that ``setting`` names; raises ``DataError``."""
    path = Path(value).expanduser().absolute()
    if not path.is_file():
        raise DataError(
            f"Expected a file at {setting}, found none at {path}.\n"
            f"Correct {setting}; it is relative to the working directory."
        )
    return path


def cache_folder() -> Path:
    """Give ``$RCNN_SWEEP_CACHE``, else ``$XDG_CACHE_HOME/rcnn_sweep``, else ``~/.cache/...``."""
    if own := os.environ.get("RCNN_SWEEP_CACHE"):
        return Path(own).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "rcnn_sweep"


def locked(path: Path) -> "FileLock":
    """Give the lock at ``path``, its folder made; raises ``DataError`` when it cannot be."""
    from filelock import FileLock

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        raise unwritable(path.parent, error) from error
    return FileLock(path)


@contextmanager
def kept(target: Path) -> Iterator[BinaryIO]:
    """Open ``target`` to be written in one piece, by whoever holds its lock.

    What the block wrote takes its place after the block; a block that raises leaves it as it was.
    Raises ``DataError`` naming folder and cause where it cannot be written.
    """
    for draft in target.parent.glob(f".{target.name}.*.partial"):
        draft.unlink(missing_ok=True)  # of processes that died: whoever holds the lock is alone
    try:
        with replacing(target) as file:
            yield file
    except OSError as error:
        raise unwritable(target.parent, error) from error


def unwritable(folder: Path, error: OSError) -> DataError:
    """Give the error that says why ``folder`` cannot be written and what to do."""
    cause = os.strerror(error.errno) if error.errno else f"it takes no whole file ({error})"
    step = "Free some space" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "Mend that"
    return DataError(
        f"Expected a writable data cache, found {folder}: {cause}.\n"
        f"{step}, or set RCNN_SWEEP_CACHE to another folder."
    )
