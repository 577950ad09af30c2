"""The address of a study's storage: a URL, whose password is never printed."""

import os
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from rcnn_sweep.errors import UserError
from rcnn_sweep.process import (
    HIDDEN,
    as_mysql,
    remember,
    without_address_secrets,
    without_password,
)

SERVERS = ("postgresql", "mysql")
"""What SQLAlchemy calls the servers that can hold studies; MariaDB is spoken to as MySQL is."""

PASSWORD_VARIABLE = "RCNN_SWEEP_STORAGE"
"""The environment variable with a storage's URL whose password is masked everywhere else."""

OPTION = "the storage (hydra.sweeper.storage, --storage)"
"""What errors call the option: a sweep and the verbs name it differently."""


def storage_url(storage: str | None) -> str:
    """Give the storage's URL, an SQLite path in it made absolute, ``mariadb`` written ``mysql``.

    None means ``studies.db`` in the working directory. A password that is masked, as in the
    commands that are printed, is taken from the environment. Raises :class:`UserError`.
    """
    remember(storage or "")
    url = _parsed(as_mysql(storage or "sqlite:///studies.db"))
    if (backend := url.get_backend_name()) not in ("sqlite", *SERVERS):
        raise UserError(
            f"{OPTION}: expected a URL of sqlite, postgresql, mysql or mariadb; received {backend}."
        )
    if backend == "mysql" and not url.database:
        raise UserError(
            f"{OPTION}: expected a database, mysql+pymysql://user@host/NAME; received "
            f"{url.render_as_string()}, which names none."
        )
    if backend != "sqlite":
        return with_password(url.render_as_string(hide_password=False))
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
    """Give the URL of a server's storage, its password taken from the environment if masked.

    Raises :class:`UserError` where it is in neither.
    """
    if make_url(url).password != HIDDEN and HIDDEN not in url:  # there it may be percent-encoded
        return url
    shown = masked(url)
    whole = as_mysql(os.environ.get(PASSWORD_VARIABLE, ""))
    if not whole or masked(_parsed(whole).render_as_string(hide_password=False)) != shown:
        raise UserError(
            f"{PASSWORD_VARIABLE}: expected the URL of {shown} with its password in the "
            "environment, received none. Workers elsewhere get it from their launcher."
        )
    return whole


def sqlite_file(url: str) -> Path | None:
    """Give the file of an SQLite URL, None for a server."""
    parsed = make_url(url)
    return Path(str(parsed.database)) if parsed.get_backend_name() == "sqlite" else None
