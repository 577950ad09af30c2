"""Write to a store that others write to as well: wait and try again, never lose a result."""

import time
from collections.abc import Callable
from typing import TypeVar

from mlflow.exceptions import MlflowException

from rcnn_sweep.signals import held

PATIENCE_SECONDS = 120.0
PAUSE_SECONDS = 0.2

# A locked SQLite file, and two processes that record one dataset for the first time at once:
# the second finds the row when it tries again. Each refused write was rolled back as a whole.
PASSING = (
    "database is locked",
    "UNIQUE constraint failed: datasets",
    "duplicate key value violates unique constraint",
)

Result = TypeVar("Result")


def patiently(write: Callable[[], Result], *, seconds: float = PATIENCE_SECONDS) -> Result:
    """Call ``write`` until it succeeds, for at most ``seconds`` while others are in the way.

    Ctrl-C and SIGTERM wait until an attempt is over: cut short it could leave the store locked.
    Raises what ``write`` raises when that is no passing obstacle, or when time is up.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            with held():
                return write()
        except MlflowException as error:
            passing = any(sign in str(error) for sign in PASSING)
            if not passing or time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_SECONDS)
