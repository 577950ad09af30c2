"""The address of a study's storage: a URL, whose password is never printed."""

import os
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from rcnn_sweep.errors import UserError
from rcnn_sweep.process import HIDDEN, remember, without_address_secrets, without_password

SERVERS = ("postgresql", "mysql")

PASSWORD_VARIABLE = "RCNN_SWEEP_STORAGE"
"""The environment variable in which workers find a storage's URL with its password."""

OPTION = "the storage (hydra.sweeper.storage, --storage)"
"""What errors call the option: a sweep and the verbs name it differently."""


def storage_url(storage: str | None) -> str:
    """Give the storage's URL, an SQLite path in it made absolute.

    None means ``studies.db`` in the working directory. Raises :class:`UserError`.
    """
    remember(storage or "")
    url = _parsed(storage or "sqlite:///studies.db")
    if (backend := url.get_backend_name()) not in ("sqlite", *SERVERS):
        raise UserError(
            f"{OPTION}: expected a URL of sqlite, postgresql or mysql; received {backend}."
        )
    if backend != "sqlite":
        return url.render_as_string(hide_password=False)
    if url.database in (None, "", ":memory:"):
        raise UserError(f"{OPTION}: expected a file, sqlite:///studies.db; received none.")
    file = Path(str(url.database)).absolute()
    return URL.create("sqlite", database=str(file)).render_as_string()


def _parsed(storage: str) -> URL:
    try:
        return make_url(storage)
    except ArgumentError as error:
        raise UserError(
            f"{OPTION}: expected a URL such as sqlite:///studies.db or "
            f"postgresql://user@host/name; received {without_password(storage)}."
        ) from error


def masked(url: str) -> str:
    """Give the URL with ``***`` for its password, and for what else is secret in it."""
    return without_address_secrets(make_url(url).render_as_string(hide_password=True))


def with_password(url: str) -> str:
    """Give the URL of a worker's storage, its password taken from the environment if masked.

    Raises :class:`UserError` where it is in neither.
    """
    if HIDDEN not in url:
        return url
    whole = os.environ.get(PASSWORD_VARIABLE, "")
    if not whole or masked(whole) != url:
        raise UserError(
            f"{PASSWORD_VARIABLE}: expected the URL of {url} with its password in the "
            "environment of workers elsewhere, received none. Have the launcher pass it on."
        )
    return whole


def sqlite_file(url: str) -> Path | None:
    """Give the file of an SQLite URL, None for a server."""
    parsed = make_url(url)
    return Path(str(parsed.database)) if parsed.get_backend_name() == "sqlite" else None
