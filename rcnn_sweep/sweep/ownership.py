"""Whose a directory is: two studies in one would overwrite each other's trials and results."""

import json
from pathlib import Path
from typing import Any

from rcnn_sweep.errors import UserError
from rcnn_sweep.process import write_whole
from rcnn_sweep.sweep.storage import sqlite_file

MARK = "study.json"
"""The file in a study's directory that names the study."""


def check_owner(directory: Path, identity: str | None) -> None:
    """Raise :class:`UserError` where ``directory`` is another study's than that of ``identity``.

    The identity lies in the storage and goes along where storage and directory are moved or
    copied. A study whose SQLite file is gone owns nothing any more.
    """
    owner = _owner(directory)
    if owner is None or owner["identity"] == identity:
        return
    file = sqlite_file(owner["storage"])
    if file is None or file.exists():
        raise UserError(
            f"hydra.sweep.dir: expected a directory of this study alone; received {directory}, "
            f"which holds study {owner['study_name']} of {owner['storage']}. Name another, or "
            "remove that one."
        )


def is_owner(directory: Path, identity: str | None) -> bool:
    """Say whether the mark in ``directory`` names the study of that identity.

    A storage of others can name any directory; the mark of one it does not know is there.
    """
    owner = _owner(directory)
    return owner is not None and identity is not None and owner["identity"] == identity


def claim(directory: Path, identity: str, study_name: str, storage: str) -> None:
    """Make ``directory`` the study's; raises :class:`UserError` where it cannot be."""
    check_owner(directory, identity)
    owner = {"study_name": study_name, "storage": storage, "identity": identity}
    if owner == _owner(directory):
        return
    try:
        directory.mkdir(parents=True, exist_ok=True)
        write_whole(directory / MARK, json.dumps(owner, indent=2) + "\n")
    except OSError as error:
        raise UserError(
            f"hydra.sweep.dir: expected a directory to write to; received {directory}: {error}"
        ) from error


def _owner(directory: Path) -> dict[str, Any] | None:
    """Read the mark; None where there is none. What else lies there is its user's business."""
    try:
        owner: dict[str, Any] = json.loads((directory / MARK).read_text())
    except (OSError, ValueError):
        return None
    return owner if {"study_name", "storage", "identity"} <= set(owner) else None
