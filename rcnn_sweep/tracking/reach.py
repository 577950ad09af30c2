"""Whether a store can be had at all, asked before MLflow is imported.

MLflow itself tries again for minutes before it says that nobody answers.
"""

import http.client
import os
import queue
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

SECONDS = 4.0
"""How long a store may take to accept a connection; name resolution alone can hang far longer."""

PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
SERVERS = ("http", "https")
OTHERS = ("sqlite", "databricks", "databricks-uc", "uc")
FILES = ("", "file")


def unusable(uri: str) -> str | None:
    """Say what is wrong with a store's address, or why nobody answers there; None if all is well.

    A database behind a socket file, or one named in the query, is left for MLflow to judge.
    """
    try:
        parts = urlsplit(uri)
        scheme, port = parts.scheme.partition("+")[0], parts.port
    except ValueError as error:
        return f"is no address ({error})"
    if scheme in FILES:
        allowed = os.environ.get("MLFLOW_ALLOW_FILE_STORE", "").lower() == "true"
        return None if allowed else "is a folder: MLflow no longer takes those"
    if scheme in SERVERS:
        return _within(lambda: _ask(parts))
    if scheme in PORTS:
        place = (parts.hostname, port or PORTS[scheme])
        return _within(lambda: _connect(*place)) if parts.hostname else None
    return None if scheme in OTHERS else "is of an unknown kind"


def _within(attempt: Callable[[], str | None]) -> str | None:
    answers: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=lambda: answers.put(attempt()), daemon=True).start()
    try:
        return answers.get(timeout=SECONDS)
    except queue.Empty:
        return f"did not answer within {SECONDS:g} s"


def _connect(host: str | None, port: int) -> str | None:
    try:
        socket.create_connection((host or "localhost", port), timeout=SECONDS).close()
    except OSError as error:
        return f"cannot be reached ({error.strerror or error})"
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
