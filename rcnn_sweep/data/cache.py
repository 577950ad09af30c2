"""The cache of encoded data: one folder a content key, published whole or not at all."""

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from rcnn_sweep.data.checksum import crc
from rcnn_sweep.data.corpus import Encoded
from rcnn_sweep.errors import DataError
from rcnn_sweep.rcnn_text_model import Vocabulary

Say = Callable[[str], None]

FORMAT = 1  # raise it when the meaning of a stored file changes
ARRAYS = ("x_train", "y_train", "x_test", "y_test")


def cache_folder() -> Path:
    """Give ``$RCNN_SWEEP_CACHE``, else ``$XDG_CACHE_HOME/rcnn_sweep``, else ``~/.cache/...``."""
    if own := os.environ.get("RCNN_SWEEP_CACHE"):
        return Path(own).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "rcnn_sweep"


def content_key(parts: dict[str, Any]) -> str:
    """Give the folder name for data made from ``parts`` (JSON values) by this code."""
    text = json.dumps({**parts, "format": FORMAT}, sort_keys=True)
    return sha256(text.encode()).hexdigest()[:32]


def open_or_build(key: str, build: Callable[[], Encoded], *, say: Say) -> Encoded:
    """Open the entry ``key``, or build, publish and open it; the arrays are memory-mapped.

    A damaged entry is announced and rebuilt; processes that want the same entry at once build
    it once. Raises ``DataError`` when the cache cannot be written, and what ``build`` raises.
    """
    entry = cache_folder() / "encoded" / key
    if (found := _open(entry, say=None)) is not None:
        return found
    with locked(entry.parent / f"{key}.lock"):
        if (found := _open(entry, say=say)) is not None:
            return found
        encoded = build()
        try:
            _publish(encoded, entry)
        except OSError as error:
            raise unwritable(entry.parent, error) from error
    if (found := _open(entry, say=say)) is None:
        raise DataError(f"The cache entry {entry} is damaged right after it was written.")
    return found


def locked(path: Path) -> FileLock:
    """Give the lock at ``path``, its folder made; raises ``DataError`` when it cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        raise unwritable(path.parent, error) from error
    return FileLock(path)


def unwritable(folder: Path, error: OSError) -> DataError:
    """Give the error that says why ``folder`` cannot be written and what to do."""
    cause = os.strerror(error.errno) if error.errno else f"it takes no whole file ({error})"
    step = "Free some space" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "Mend that"
    return DataError(
        f"Expected a writable data cache, found {folder}: {cause}.\n"
        f"{step}, or set RCNN_SWEEP_CACHE to another folder."
    )


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` survive a crash of the machine."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _publish(encoded: Encoded, entry: Path) -> None:
    _remove_drafts(entry)  # of processes that died: whoever holds the lock is alone here
    draft, old = (_draft_folder(entry) for _ in range(2))
    try:
        _write(encoded, draft)
        draft.chmod(0o755)  # a cache may be shared; folders for temporary files are private
        if entry.exists():
            entry.rename(old / entry.name)
        draft.rename(entry)
        sync_folder(entry.parent)
    finally:
        _remove_drafts(entry)


def _draft_folder(entry: Path) -> Path:
    return Path(tempfile.mkdtemp(prefix=f".{entry.name}.", dir=entry.parent))


def _remove_drafts(entry: Path) -> None:
    for draft in entry.parent.glob(f".{entry.name}.*"):
        shutil.rmtree(draft, ignore_errors=True)


def _write(encoded: Encoded, draft: Path) -> None:
    for name in ARRAYS:
        _write_array(draft / f"{name}.npy", getattr(encoded, name))
    vocabulary = encoded.vocabulary.to_json() if encoded.vocabulary else "null"
    _write_text(draft / "vocabulary.json", vocabulary)
    files = {path.name: [path.stat().st_size, crc(path)] for path in sorted(draft.iterdir())}
    manifest = {"files": files, "label_names": encoded.label_names, "notes": encoded.notes}
    _write_text(draft / "manifest.json", json.dumps(manifest, indent=1))
    sync_folder(draft)


def _write_array(path: Path, array: NDArray[Any]) -> None:
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())


def _write_text(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _open(entry: Path, *, say: Say | None) -> Encoded | None:
    if not entry.exists():
        return None
    try:
        return _read(entry)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        if say is not None:
            say(f"The cached data in {entry} is damaged ({error}); building it again.")
        return None


def _read(entry: Path) -> Encoded:
    manifest = json.loads((entry / "manifest.json").read_text(encoding="utf-8"))
    for name, (size, checksum) in manifest["files"].items():
        if (entry / name).stat().st_size != size or crc(entry / name) != checksum:
            raise ValueError(f"{name} has changed")
    vocabulary = (entry / "vocabulary.json").read_text(encoding="utf-8")
    arrays = {name: np.load(entry / f"{name}.npy", mmap_mode="r") for name in ARRAYS}
    return Encoded(
        **arrays,
        label_names=tuple(manifest["label_names"]),
        vocabulary=None if vocabulary == "null" else Vocabulary.from_json(vocabulary),
        notes=tuple(manifest["notes"]),
    )


@contextmanager
def published(target: Path) -> Iterator[Path]:
    """Give a path to write ``target`` at; after the block it takes its place, whole or not at all.

    Raises ``DataError`` naming folder and cause where it cannot be written.
    """
    partial = target.with_name(target.name + ".part")
    try:
        yield partial
        partial.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise unwritable(target.parent, error) from error
    finally:
        partial.unlink(missing_ok=True)
