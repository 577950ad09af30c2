"""Whether a store can be had at all, asked before MLflow is imported.

MLflow itself tries again for minutes before it says that nobody answers.
"""

import http.client
import os
import queue
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

SECONDS = 4.0
"""How long a store may take to accept a connection; name resolution alone can hang far longer."""

DATABASES = ("postgresql", "mysql", "mssql")
SERVERS = ("http", "https")
OTHERS = ("sqlite", "databricks", "databricks-uc", "uc")
FILES = ("", "file")


def unusable(uri: str) -> str | None:
    """Say what is wrong with a store's address, or why nobody answers there; None if well."""
    try:
        parts = urlsplit(uri)
        scheme, _port = parts.scheme.partition("+")[0], parts.port
    except ValueError as error:
        return f"is no address ({error})"
    if scheme in FILES:
        allowed = os.environ.get("MLFLOW_ALLOW_FILE_STORE", "").lower() == "true"
        return None if allowed else "is a folder: MLflow no longer takes those"
    if scheme in SERVERS:
        return _within(lambda: _ask(parts))
    if scheme in DATABASES:
        return _log_in(uri)
    return None if scheme in OTHERS else "is of an unknown kind"


def _within(attempt: Callable[[], str | None]) -> str | None:
    answers: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=lambda: answers.put(attempt()), daemon=True).start()
    try:
        return answers.get(timeout=SECONDS)
    except queue.Empty:
        return f"did not answer within {SECONDS:g} s"


def _log_in(uri: str) -> str | None:
    """Connect to a database server as MLflow will: a wrong password it would try for minutes."""
    import sqlalchemy  # not at the top: most processes get by without

    try:
        engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.NullPool)
    except ImportError as error:
        return f"wants a database driver: {error}"
    except sqlalchemy.exc.SQLAlchemyError as error:
        return f"cannot be used ({error})"
    return _within(lambda: _connect(engine))


def _connect(engine: "Engine") -> str | None:
    from sqlalchemy.exc import SQLAlchemyError

    try:
        engine.connect().close()
    except (SQLAlchemyError, RuntimeError, OSError) as error:
        said = str(getattr(error, "orig", error)).strip()
        return f"cannot be reached ({next(iter(said.splitlines()), type(error).__name__)})"
    return None


def _ask(parts: SplitResult) -> str | None:
    """Ask a tracking server, through the proxy of the environment; any answer at all will do."""
    address = parts._replace(netloc=parts.netloc.rpartition("@")[2], path="/health", query="")
    try:
        urllib.request.urlopen(address.geturl(), timeout=SECONDS).close()
    except (urllib.error.HTTPError, ssl.SSLError):
        return None
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLError):
            return None
        return f"cannot be reached ({getattr(error.reason, 'strerror', None) or error.reason})"
    except (OSError, ValueError, http.client.HTTPException) as error:
        return f"cannot be reached ({error})"
    return None
