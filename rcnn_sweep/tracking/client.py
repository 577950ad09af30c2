"""MLflow's client as this package uses it: every call waits for a store that others write to."""

from collections.abc import Callable
from functools import wraps
from itertools import repeat
from typing import Any, cast

from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from rcnn_sweep.process import retry, signals

WAIT_SECONDS = 120.0
PAUSE_SECONDS = 0.2

# A locked SQLite file, and two processes that record one dataset for the first time at once:
# the second finds the row when it tries again. Each refused write was rolled back as a whole.
PASSING = (
    "database is locked",
    "UNIQUE constraint failed: datasets",
    "duplicate key value violates unique constraint",
)


class RetryingClient:
    """Stands for a client; a method of it is called again while the store is busy."""

    def __init__(self, client: Any) -> None:
        """Pass every call on to ``client``."""
        self._client = client

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        return _retrying(found) if callable(found) else found


def client_of(uri: str) -> MlflowClient:
    """Give a client of the store ``uri`` whose calls wait, for at most :data:`WAIT_SECONDS`.

    Ctrl-C and SIGTERM wait until an attempt is over: cut short it could leave the store locked.
    A call raises what MLflow raised when that is no passing obstacle, or when time is up.
    """
    return cast(MlflowClient, RetryingClient(MlflowClient(uri)))


def _retrying(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        def attempt() -> Any:
            with signals.held():
                return method(*args, **kwargs)

        return retry(
            attempt, passing=is_passing, pauses=repeat(PAUSE_SECONDS), seconds=WAIT_SECONDS
        )

    return call


def is_passing(error: Exception) -> bool:
    """Say whether another writer is in the way, so that waiting helps."""
    return isinstance(error, MlflowException) and any(sign in str(error) for sign in PASSING)
