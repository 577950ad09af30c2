"""How a trial ended: from what its task returned or raised to the objective or a reason."""

import errno
import math
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rcnn_sweep.errors import UserError
from rcnn_sweep.process import without_password
from rcnn_sweep.sweep.study.trials import DISK, ERROR, FATAL, MEMORY
from rcnn_sweep.sweep.trial import ObjectiveNotFinite, TrialPruned

TRACE_LIMIT = 8000
"""Characters of a traceback kept in the study; the end is what matters."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_MEMORY_ERRORS = frozenset({"MemoryError", "ResourceExhaustedError", "OutOfMemoryError"})


@dataclass(frozen=True)
class TrialOutcome:
    """``values`` of a complete trial, or ``pruned``, or the ``kind`` and reason of a failure."""

    values: tuple[float, ...] | None = None
    pruned: bool = False
    kind: str = ""
    reason: str = ""
    trace: str = ""

    def __str__(self) -> str:
        if self.kind:
            return self.reason
        return "pruned" if self.pruned else f"complete with {list(self.values or ())}"


def objective(result: Any, metrics: Sequence[str]) -> tuple[float, ...]:
    """Pick the objectives from what a task function returned.

    A number, a sequence of numbers, or a mapping from which ``metrics`` are picked. Raises
    :class:`ObjectiveNotFinite`, or :class:`UserError` where it is none of these.
    """
    values = _picked(result, metrics)
    if len(values) != len(metrics):
        raise UserError(
            f"the task must return {len(metrics)} objective(s) ({', '.join(metrics)}), "
            f"received {result!r}"
        )
    for name, value in zip(metrics, values, strict=True):
        if not math.isfinite(value):
            raise ObjectiveNotFinite(f"objective {name} is {value}")
    return values


def _picked(result: Any, metrics: Sequence[str]) -> tuple[float, ...]:
    try:
        if isinstance(result, Mapping):
            return tuple(float(result[name]) for name in metrics)
        if isinstance(result, Sequence) and not isinstance(result, str):
            return tuple(float(value) for value in result)
        return (float(result),)
    except KeyError as error:
        raise UserError(
            f"hydra.sweeper.metric={error.args[0]} is not among the task's metrics: "
            f"{', '.join(map(str, result))}"
        ) from error
    except (TypeError, ValueError) as error:
        raise UserError(
            "the task must return a number, a sequence or a mapping of metrics, "
            f"received {result!r}"
        ) from error


def outcome_of(error: Exception | SystemExit) -> TrialOutcome:
    """Classify what a task raised; ``sys.exit`` is an error of its own, whatever the code."""
    if isinstance(error, TrialPruned):
        return TrialOutcome(pruned=True)
    if isinstance(error, UserError):
        return TrialOutcome(kind=FATAL, reason=str(error), trace=_trace(error))
    if isinstance(error, ObjectiveNotFinite):
        return TrialOutcome(kind=ERROR, reason=str(error), trace=_trace(error))
    if isinstance(error, OSError) and error.errno in _FULL:
        return TrialOutcome(kind=DISK, reason=_reason(error), trace=_trace(error))
    names = {cls.__name__ for cls in type(error).__mro__}
    kind = MEMORY if names & _MEMORY_ERRORS else ERROR
    return TrialOutcome(kind=kind, reason=_reason(error), trace=_trace(error))


def _reason(error: BaseException) -> str:
    first = without_password(next(iter(str(error).strip().splitlines()), ""))
    return f"{type(error).__name__}: {first}"[:500]


def _trace(error: BaseException) -> str:
    return without_password("".join(traceback.format_exception(error)))[-TRACE_LIMIT:]
