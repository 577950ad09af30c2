"""What a command is going to do, settled before anything runs; also what a dry run prints."""

import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig
from optuna.trial import FrozenTrial, TrialState

from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.hooks import StudyHooks
from rcnn_sweep.sweep.options import SweeperOptions
from rcnn_sweep.sweep.space import Composer, Params, Space
from rcnn_sweep.sweep.study import fingerprint, record_of

ENUMERATED = 1000
"""Points of a finite space that are checked one by one; of others as many are drawn at random
as :data:`DRAWN`."""

DRAWN = 200


@dataclass(frozen=True)
class Infeasible:
    """The impossible points among those looked at."""

    impossible: int
    checked: int
    is_complete: bool
    example: str = ""

    def __str__(self) -> str:
        if not self.impossible:
            return f"none among {self.checked} points"
        share = f"{self.impossible} of {self.checked} points"
        kind = (
            "" if self.is_complete else f" drawn at random ({self.impossible / self.checked:.0%})"
        )
        return f"{share}{kind}, e.g. {self.example}"


@dataclass(frozen=True)
class Plan:
    """A sweep settled: ``first`` are the points fixed from the start, by slot.

    ``unprunable`` says why trials cannot be pruned although a pruner is chosen. ``given`` are the
    overrides that hold for all trials as the user typed them; ``composer`` has those that the
    application settled, too.

    ``is_search`` is false where the application gives all points: ``left_out`` are then the
    slots that are not to be tried.
    """

    options: SweeperOptions
    unprunable: str
    given: tuple[str, ...]
    study_name: str
    url: str
    directory: Path
    space: Space
    first: Mapping[int, Params]
    baseline: Params | None
    n_trials: int
    workers: int
    infeasible: Infeasible
    record: Mapping[str, object]
    config: DictConfig
    composer: Composer
    is_search: bool = True
    left_out: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """Give the number of slots that are to hold a trial."""
        return self.n_trials - len(self.left_out)

    @property
    def is_grid(self) -> bool:
        """Say whether every point is in the queue from the start."""
        return is_grid(self.options)


def is_grid(options: SweeperOptions) -> bool:
    """Say whether all points are in the queue from the start."""
    return options.sampler.name in ("grid", "bruteforce")


def grid_points(options: SweeperOptions, space: Space, check: "FeasibilityCheck") -> list[Params]:
    """Give the possible points of a finite space, each once, shuffled for ``bruteforce``."""
    if space.size() is None:
        raise UserError(
            f"hydra.sweeper.sampler.name={options.sampler.name}: expected a finite space; "
            "received an interval. Use choice or range."
        )
    points = [point for point in space.points() if check.reason(point) is None]
    if options.sampler.name == "bruteforce":
        random.Random(options.seed).shuffle(points)
    return points


@dataclass(frozen=True)
class FeasibilityCheck:
    """Judges points by the application's own arithmetic."""

    composer: Composer
    hooks: StudyHooks

    def reason(self, params: Params) -> str | None:
        """Say why the point is impossible, None if it is not."""
        return self.hooks.validate(self.composer.task(params))

    def base(self) -> DictConfig:
        """Give the composed base config; raises :class:`UserError` if it is impossible."""
        config = self.composer.task({})
        if (reason := self.hooks.validate(config)) is not None:
            raise UserError(reason)
        return config

    def infeasible(self, space: Space, seed: int) -> Infeasible:
        """Look for impossible points: everywhere in a small space, else in a sample."""
        size = space.size()
        is_complete = size is not None and size <= ENUMERATED
        rng = random.Random(seed)
        points = list(space.points()) if is_complete else [space.draw(rng) for _ in range(DRAWN)]
        reasons = [reason for point in points if (reason := self.reason(point)) is not None]
        example = reasons[0].splitlines()[0] if reasons else ""
        if is_complete and len(reasons) == len(points):
            raise UserError(f"expected a possible point in the space; received none: {example}")
        return Infeasible(len(reasons), len(points), is_complete, example)


def default_name(
    job_name: str, options: SweeperOptions, space: Space, base: Mapping[str, object]
) -> str:
    """Name a study after the app and the record: the same command finds its study again."""
    return f"{job_name}-{fingerprint(record_of(options, space, base))}"


def estimate(plan: Plan, trials: Sequence[FrozenTrial]) -> str:
    """Give the expected wall time of what remains, from the trials that have completed."""
    seconds = [
        trial.duration.total_seconds()
        for trial in trials
        if trial.state in (TrialState.COMPLETE, TrialState.PRUNED)
        and trial.duration is not None
        and "duplicate_of" not in trial.user_attrs
    ]
    if not seconds:
        return "unknown until a trial of this study has ended"
    remaining = plan.size - len(seconds)
    total = max(0, remaining) * statistics.mean(seconds) / plan.workers
    return f"about {total / 60:.1f} min for {max(0, remaining)} trials"
