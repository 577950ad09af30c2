"""MLflow's client as this package uses it: every call waits for a store that others write to."""

import errno
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from itertools import repeat
from typing import Any, TypeVar, cast

from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from sqlalchemy.exc import SQLAlchemyError

from rcnn_sweep.errors import UserError
from rcnn_sweep.process import may_pass, once, retry, signals, without_password
from rcnn_sweep.tracking.address import database_path
from rcnn_sweep.tracking.database import WAIT_SECONDS, ensure_store

PAUSE_SECONDS = 0.2

# A locked SQLite file, perhaps a server's; a server that ends the connection in mid-answer, which
# is all that MLflow does not wait out by itself; and two processes that record one dataset for the
# first time at once: the second finds the row when it tries again. Each refused write was rolled
# back as a whole.
PASSING = (
    "database is locked",
    "failed with exception",
    "UNIQUE constraint failed: datasets",
    "duplicate key value violates unique constraint",
    '(1062, "Duplicate entry',
)

FULL = "database or disk is full"

# MLflow logs each refusal, with its traceback, and each attempt; what is waited for is said here.
# System metrics that cannot be had are left out.
LEVELS = {
    "mlflow": logging.WARNING,
    "alembic": logging.WARNING,
    "mlflow.store.db.utils": logging.CRITICAL,
    "mlflow.system_metrics": logging.ERROR,
    "mlflow.utils.autologging_utils": logging.ERROR,
}

Result = TypeVar("Result")

log = logging.getLogger(__name__)


class RetryingClient:
    """Stands for a client of the store ``uri``; its methods are called again while that is busy."""

    def __init__(self, client: Any, uri: str) -> None:
        """Pass every call on to ``client``."""
        self._client, self._uri = client, uri

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        return _retrying(found, self._uri) if callable(found) else found


def client_of(uri: str) -> MlflowClient:
    """Open the store ``uri``, made where it is a file yet to be; each call waits for it.

    That takes at most :data:`WAIT_SECONDS`. Ctrl-C and SIGTERM wait until an attempt is over: cut
    short it could leave the store locked. Raises :class:`UserError` where the store cannot be
    opened; a call raises what MLflow raised when that does not pass, or when time is up, and
    :class:`OSError` with the file's name where the disk of an SQLite file is full.
    """
    for name, level in LEVELS.items():
        logging.getLogger(name).setLevel(level)
    with answering(uri):
        if (path := database_path(uri)) is not None:
            ensure_store(path)
        client = _retrying(lambda: MlflowClient(uri), uri)()
    return cast(MlflowClient, RetryingClient(client, uri))


@contextmanager
def answering(uri: str) -> Iterator[None]:
    """Turn what MLflow raises in the block into a :class:`UserError` that names the store."""
    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        raise UserError(
            f"tracking.uri: expected a store that answers; {without_password(uri)} "
            f"said: {_line(error)}"
        ) from error


def _retrying(method: Callable[..., Result], uri: str) -> Callable[..., Result]:
    def say(error: Exception) -> None:
        log.warning("%s does not answer (%s): waiting", without_password(uri), _line(error))

    @wraps(method)
    def call(*args: Any, **kwargs: Any) -> Result:
        def attempt() -> Result:
            with signals.held():
                return method(*args, **kwargs)

        try:
            return retry(
                attempt,
                passing=is_passing,
                pauses=repeat(PAUSE_SECONDS),
                seconds=WAIT_SECONDS,
                on_wait=once(say),
            )
        except (MlflowException, SQLAlchemyError) as error:
            if (path := database_path(uri)) is None or FULL not in str(error):
                raise
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error

    return call


def is_passing(error: Exception) -> bool:
    """Say whether waiting helps: another writer is in the way, or the store is starting anew."""
    if not isinstance(error, MlflowException | SQLAlchemyError):
        return False
    is_sign = any(sign in str(error) for sign in PASSING)
    return is_sign or may_pass(error) or may_pass(error.__cause__)


def _line(error: Exception) -> str:
    return without_password(str(error).splitlines()[0])
