"""The storage of studies: its address, opening, lock and retries."""

from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy

if TYPE_CHECKING:
    from rcnn_sweep.sweep.storage.connection import (
        PASSWORD_VARIABLE,
        check_storage,
        connected,
        exclusive,
        masked,
        open_storage,
        sqlite_file,
        storage_url,
        with_password,
    )

__all__ = [
    "PASSWORD_VARIABLE",
    "check_storage",
    "connected",
    "exclusive",
    "masked",
    "open_storage",
    "sqlite_file",
    "storage_url",
    "with_password",
]

if not TYPE_CHECKING:
    __getattr__ = lazy(__name__)
