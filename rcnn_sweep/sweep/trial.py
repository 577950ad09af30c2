"""What a task function sees of its trial. Imports nothing heavy: every task may import it."""

import hashlib
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol


class TrialPruned(Exception):
    """The pruner ended this trial; a task may clean up and must raise it again."""


class ObjectiveNotFinite(ValueError):
    """The objective, or a value on the way to it, is NaN or infinite."""


class Channel(Protocol):
    """The way from a task to its study's storage."""

    def check(self) -> None:
        """Raise what ends the trial where the sweep has called it off."""

    def report(self, step: int, value: float) -> bool:
        """Store an intermediate value; true when the pruner gives the trial up."""

    def set_user_attr(self, key: str, value: Any) -> None:
        """Store a user attribute of the trial."""


@dataclass(frozen=True)
class TrialContext:
    """The trial that the running task function belongs to.

    ``seed`` is derived from the study's seed and ``number``. ``parent`` is what the hooks'
    ``open_study`` returned in the driver. ``metrics`` names the objectives, in order. ``params``
    is the trial's point, by key.
    """

    study_name: str
    number: int
    seed: int
    parent: Mapping[str, Any]
    metrics: tuple[str, ...]
    channel: Channel
    params: Mapping[str, Any] = field(default_factory=dict)

    def set_user_attr(self, key: str, value: Any) -> None:
        """Store ``value``, anything JSON can hold, as an attribute of the Optuna trial."""
        self.channel.set_user_attr(key, value)


_current: TrialContext | None = None


def current_trial() -> TrialContext | None:
    """Give the trial this process is working on, or None outside a sweep."""
    return _current


def report(step: int, value: float, *, is_last: bool = False) -> None:
    """Report the objective after ``step`` (an epoch, from 1); outside a sweep do nothing.

    After the last step there is nothing left to save, and no trial is pruned. Raises
    :class:`TrialPruned` when the pruner gives the trial up and :class:`ObjectiveNotFinite` when
    ``value`` is NaN or infinite.
    """
    if _current is None:
        return
    if not math.isfinite(value):
        raise ObjectiveNotFinite(f"objective is {value} at step {step}")
    if _current.channel.report(step, value) and not is_last:
        raise TrialPruned(f"pruned at step {step}")


def checkpoint() -> None:
    """Let the sweep end its trial here if it was called off; outside a sweep do nothing.

    For steps at which there is no objective to report; :func:`report` looks by itself.
    """
    if _current is not None:
        _current.channel.check()


@contextmanager
def entered(context: TrialContext) -> Iterator[None]:
    """Make ``context`` the current trial."""
    global _current
    _current = context
    try:
        yield
    finally:
        _current = None


def derived_seed(study_seed: int, number: int) -> int:
    """Give the seed of trial ``number``, below 2**31, from the study's seed."""
    digest = hashlib.sha256(f"{study_seed}/{number}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1
