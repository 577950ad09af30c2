"""What a worker is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from rcnn_sweep.sweep.options import SweeperOptions
from rcnn_sweep.sweep.space import Params, Space
from rcnn_sweep.sweep.study import Retries, Slots, confirmation_of, is_searched, limit_reached


@dataclass(frozen=True)
class WorkerSpec:
    """All that a worker needs; it travels to the worker's process.

    ``points`` are those known from the start, by slot. ``session`` names the driver's run.
    ``began`` is its start: failures in a row count from there. ``environment`` holds variables
    that the worker sets, ``defaults`` those that it sets unless they are set there, such as thread
    counts. ``url`` may have its password masked; the worker then finds it in its own environment.
    """

    options: SweeperOptions
    space: Space
    study_name: str
    url: str = field(repr=False)
    directory: Path
    working_directory: Path
    fixed: tuple[str, ...]
    points: Mapping[int, Params]
    parent: Mapping[str, Any]
    session: str
    began: datetime
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    defaults: Mapping[str, str] = field(default_factory=dict)

    def limit_reached(self, slots: Slots) -> str | None:
        """Say which of the options' limits stops the sweep, None where none does."""
        options, confirmation = self.options, confirmation_of(self.options)
        return limit_reached(slots, options.limits, options.directions[0], self.began, confirmation)

    def wanted(self, slots: Slots, workers: int) -> int:
        """Count those of ``workers`` that find something to do; none does at a limit."""
        if self.limit_reached(slots) is not None:
            return 0
        return min(workers, len(slots.open) + slots.to_try(self.retries))

    def is_searched(self, slots: Slots) -> bool:
        """Say whether patience is at its end: what follows is confirmation."""
        return is_searched(slots, self.options.limits, self.options.directions[0])

    @property
    def retries(self) -> Retries:
        """Say when a slot is tried again."""
        return Retries(self.options.max_retries, self.began)
