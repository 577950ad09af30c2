"""Waiting for a storage that is locked or out of reach: a result costs more than minutes."""

import logging
import threading
from collections.abc import Callable, Iterator
from functools import wraps
from itertools import chain, repeat
from typing import Any, TypeVar, cast

from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage
from sqlalchemy.exc import SQLAlchemyError

from rcnn_sweep.process import may_pass, retry, without_password
from rcnn_sweep.sweep.failure import SweepFailed

LIMIT = 300.0
"""Seconds to wait in all; a single attempt waits for an SQLite lock by itself, too."""

PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds between attempts; the last holds for all that follow."""

Result = TypeVar("Result")

log = logging.getLogger(__name__)

_said = threading.Event()
_gave_up = threading.Event()


class StorageLost(SweepFailed):
    """The storage could not be used, for a reason that does not pass or for too long."""


class StorageRefused(StorageLost):
    """The storage refused something, and would for ever: a right, a value, another's tables."""


def pauses() -> Iterator[float]:
    """Give the seconds between attempts, without an end."""
    return chain(PAUSES, repeat(PAUSES[-1]))


def until_it_answers(call: Callable[[], Result], name: str) -> Result:
    """Repeat ``call`` while the storage ``name`` is locked or out of reach; says so once.

    A signal ends the wait between two attempts. Once a wait was in vain, later calls are tried
    once until one succeeds: what is left to do is to end. Raises :class:`StorageLost`, naming the
    storage, after :data:`LIMIT`, and :class:`StorageRefused` at once where waiting would not help.
    """
    try:
        result = retry(
            call,
            passing=is_passing,
            pauses=pauses(),
            seconds=0.0 if _gave_up.is_set() else LIMIT,
            on_wait=lambda error: _say(
                f"the studies in {name} do not answer ({line(error)}): waiting"
            ),
        )
    except (StorageInternalError, SQLAlchemyError) as error:
        if not is_passing(error):
            raise StorageRefused(f"the studies in {name} cannot be used: {line(error)}") from error
        _gave_up.set()
        raise StorageLost(
            f"the studies in {name} did not answer for {LIMIT:.0f} s: {line(error)}"
        ) from error
    _gave_up.clear()
    _say_again(name)
    return result


def is_passing(error: Exception) -> bool:
    """Say whether waiting may help: another's lock, a lost connection, a server that restarts."""
    return may_pass(error if isinstance(error, SQLAlchemyError) else error.__cause__)


def line(error: BaseException) -> str:
    """Give the first line of what the database itself said, passwords masked."""
    cause = error.__cause__ if isinstance(error, StorageInternalError) else error
    said = str(getattr(cause, "orig", None) or cause or error).strip()
    return without_password(next(iter(said.splitlines()), type(error).__name__))


def _say(text: str) -> None:
    if not _said.is_set():
        _said.set()
        log.warning("%s", text)


def _say_again(name: str) -> None:
    if _said.is_set():
        _said.clear()
        log.warning("the studies in %s answer again", name)


def retrying(storage: BaseStorage, name: str) -> BaseStorage:
    """Give ``storage`` with every call of Optuna's interface made :func:`until_it_answers`."""
    methods = [method for method in vars(BaseStorage) if not method.startswith("_")]
    calls = {method: staticmethod(_retried(getattr(storage, method), name)) for method in methods}
    return cast(BaseStorage, type("RetryingStorage", (BaseStorage,), calls)())


def _retried(method: Callable[..., Any], name: str) -> Callable[..., Any]:
    @wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        return until_it_answers(lambda: method(*args, **kwargs), name)

    return call
