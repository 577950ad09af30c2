"""The storage of studies: its address, opening, lock and retries."""

from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy

if TYPE_CHECKING:
    from rcnn_sweep.sweep.storage.address import (
        PASSWORD_VARIABLE,
        masked,
        sqlite_file,
        storage_url,
        with_password,
    )
    from rcnn_sweep.sweep.storage.connection import (
        check_storage,
        connected,
        open_storage,
        reopen_storage,
    )
    from rcnn_sweep.sweep.storage.lock import LockLost, exclusive, exclusively
    from rcnn_sweep.sweep.storage.retry import StorageRefused

__all__ = [
    "PASSWORD_VARIABLE",
    "LockLost",
    "StorageRefused",
    "check_storage",
    "connected",
    "exclusive",
    "exclusively",
    "masked",
    "open_storage",
    "reopen_storage",
    "sqlite_file",
    "storage_url",
    "with_password",
]

if not TYPE_CHECKING:
    __getattr__ = lazy(__name__)
