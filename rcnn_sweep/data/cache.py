"""The cache of encoded data: one folder a content key, published whole or not at all."""

import json
import shutil
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from rcnn_sweep.data.checksum import crc
from rcnn_sweep.data.corpus import Encoded
from rcnn_sweep.data.files import Say, cache_folder, locked, unwritable
from rcnn_sweep.errors import DataError
from rcnn_sweep.process import replacing, sync_folder, write_whole
from rcnn_sweep.rcnn_text_model import Vocabulary

FORMAT = 1  # raise it when the meaning of a stored file changes
ARRAYS = ("x_train", "y_train", "x_test", "y_test")


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
        with replacing(draft / f"{name}.npy") as file:
            np.save(file, getattr(encoded, name), allow_pickle=False)
    vocabulary = encoded.vocabulary.to_json() if encoded.vocabulary else "null"
    write_whole(draft / "vocabulary.json", vocabulary)
    files = {path.name: [path.stat().st_size, crc(path)] for path in sorted(draft.iterdir())}
    manifest = {"files": files, "label_names": encoded.label_names, "notes": encoded.notes}
    write_whole(draft / "manifest.json", json.dumps(manifest, indent=1))


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
