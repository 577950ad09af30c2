"""Which points of a space are possible: judged by the application, counted, and sampled."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import optuna
from omegaconf import DictConfig
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.exceptions import OptunaError
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.failure import SweepFailed
from rcnn_sweep.sweep.hooks import StudyHooks
from rcnn_sweep.sweep.space import Composer, Identity, Params, Space
from rcnn_sweep.sweep.study import Slots

ENUMERATED = 1000
"""Points of a finite space that are checked one by one; of others as many are drawn at random
as :data:`DRAWN`."""

DRAWN, GLANCED_AT = 200, 40
"""A dry run tells their share from the many; the few bring a mistake in the space to light."""

GUIDED_DRAWS = 30
"""Points asked of the sampler itself before uniform ones are tried."""

UNIFORM_DRAWS = 500
"""Uniform points tried before a space that cannot be enumerated counts as having no other point."""

RESULTS = (TrialState.COMPLETE, TrialState.PRUNED)
"""States of trials whose points need not be tried again."""


@dataclass(frozen=True)
class Infeasible:
    """The impossible points among those looked at; ``possible`` are the others in their order."""

    impossible: int
    checked: int
    is_complete: bool
    example: str = ""
    possible: tuple[Params, ...] = ()

    def __str__(self) -> str:
        if not self.impossible:
            return f"none among {self.checked} points"
        share = f"{self.impossible} of {self.checked} points"
        kind = (
            "" if self.is_complete else f" drawn at random ({self.impossible / self.checked:.0%})"
        )
        return f"{share}{kind}, e.g. {self.example}"


@dataclass(frozen=True)
class FeasibilityCheck:
    """Judges points by the application's own arithmetic."""

    composer: Composer
    hooks: StudyHooks

    def reason(self, params: Params) -> str | None:
        """Say why the point is impossible, None if it is not."""
        return self.hooks.validate(self.composer.task(params))

    def base(self) -> DictConfig:
        """Give the composed base config; raises :class:`UserError` if it is impossible.

        One that lacks the groups that it leaves open is no trial, and is not judged.
        """
        config = self.composer.task({})
        if self.composer.open_groups:
            return config
        if (reason := self.hooks.validate(config)) is not None:
            raise UserError(reason)
        return config

    def infeasible(self, space: Space, seed: int, *, draws: int = DRAWN) -> Infeasible:
        """Look for impossible points: everywhere in a small space, else at ``draws`` of them."""
        size = space.size()
        is_complete = size is not None and size <= ENUMERATED
        rng = random.Random(seed)
        points = list(space.points()) if is_complete else [space.draw(rng) for _ in range(draws)]
        judged = [(point, self.reason(point)) for point in points]
        reasons = [reason for _, reason in judged if reason is not None]
        possible = tuple(point for point, reason in judged if reason is None)
        example = reasons[0].splitlines()[0] if reasons else ""
        if is_complete and len(reasons) == len(points):
            raise UserError(f"expected a possible point in the space; received none: {example}")
        return Infeasible(len(reasons), len(points), is_complete, example, possible)


class KnownPoints:
    """What one worker has learnt of the points of its study, each trial looked at once.

    ``ended`` are those with a result, each with the trial that has it; ``running`` are being
    tried, and ``impossible`` are those that it has drawn in vain, with the reason.
    """

    def __init__(self, space: Space) -> None:
        self.space = space
        self.ended: dict[Identity, FrozenTrial] = {}
        self.running: set[Identity] = set()
        self.impossible: dict[Identity, str] = {}
        self._read = 0

    def look(self, slots: Slots, own: int) -> None:
        """Learn of the trials that have ended since, and of those that run, ``own`` left out."""
        for trial in slots.ended[self._read :]:
            if trial.state in RESULTS:
                point = self.space.identity(trial.params)
                self.ended[point] = min(trial, self.ended.get(point, trial), key=_worth)
        self._read = len(slots.ended)
        others = (trial for trial in slots.open.values() if trial.number != own)
        self.running = {self.space.identity(trial.params) for trial in others}

    def result(self, params: Params) -> FrozenTrial | None:
        """Give the trial that has the point's result: one that completed, else a pruned one."""
        return self.ended.get(self.space.identity(params))

    @cached_property
    def small(self) -> dict[Identity, Params]:
        """All points, where the space has no more of them than :data:`ENUMERATED`, else none."""
        size = self.space.size()
        points = self.space.points() if size is not None and size <= ENUMERATED else ()
        return {self.space.identity(point): point for point in points}

    def are_all(self) -> bool:
        """Say whether no point is left of a small space that is not known."""
        return bool(self.small) and all(
            point in self.ended or point in self.running or point in self.impossible
            for point in self.small
        )


def _worth(trial: FrozenTrial) -> tuple[bool, int]:
    return trial.state is TrialState.PRUNED, trial.number


class FeasibleSampler(BaseSampler):
    """Asks another sampler for whole points until one is possible and new, before any is stored.

    ``reason`` says why a point is impossible, or gives None. A point that was tried before, or is
    being tried, is taken only where neither the sampler nor chance finds another. ``rejected``
    counts the impossible points found on the way.
    """

    def __init__(
        self,
        inner: BaseSampler,
        known: KnownPoints,
        reason: Callable[[Params], str | None],
        seed: int,
    ) -> None:
        self.inner = inner
        self.known = known
        self.space = known.space
        self.reason = reason
        self.rng = random.Random(seed)
        self.rejected = 0

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Give the whole space: every parameter is chosen together with the others."""
        return {p.key: p.distribution for p in self.space.parameters}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> Params:
        """Give a possible point; raises :class:`UserError` if none can be found."""
        given = self.space.within(trial.system_attrs.get("fixed_params") or {})
        return {} if self.space.contains(given) else self._chosen(study, trial, given)

    def _chosen(self, study: Study, trial: FrozenTrial, given: Params) -> Params:
        """Give a new point, else the first drawn that has a result, else one that is being tried.

        Where all points of a small space are known, the first with a result will do. ``given``
        values are kept: a trial that is tried again may have died between two suggestions.
        """
        ended: Params | None = None
        busy: Params | None = None
        is_spent = self.known.are_all()
        for params in self._candidates(study, trial, given):
            point = self.space.identity(params)
            if point in self.known.ended:
                ended = ended or params
            elif point in self.known.running:
                busy = busy or params
            elif self._is_possible(point, params):
                return params
            if is_spent and ended:
                break
        if (repeat := ended or busy) is not None:
            return repeat
        last = next(reversed(self.known.impossible.values()))
        raise UserError(f"no possible point found in the space; last: {last}")

    def _is_possible(self, point: Identity, params: Params) -> bool:
        if point not in self.known.impossible:
            reason = self.reason(params)
            if reason is None:
                return True
            self.known.impossible[point] = reason
            self.rejected += 1
        return False

    def _candidates(self, study: Study, trial: FrozenTrial, given: Params) -> Iterator[Params]:
        """Give the sampler's points until it repeats itself, uniform ones, then a small space's."""
        last: Params | None = None
        for _ in range(GUIDED_DRAWS):
            params = self._asked(study, trial, given)
            if params == last:
                break
            last = params
            yield params
        for _ in range(UNIFORM_DRAWS):
            yield self.space.draw(self.rng, given)
        small = [p for p in self.known.small.values() if given.items() <= p.items()]
        yield from self.rng.sample(small, len(small))

    def _asked(self, study: Study, trial: FrozenTrial, given: Params) -> Params:
        """Ask the sampler; what one of the user's own raises ends the sweep as their mistake."""
        try:
            return self._guided(study, trial, given)
        except (UserError, SweepFailed, OptunaError):
            raise
        except Exception as error:
            name = f"{type(self.inner).__module__}.{type(self.inner).__qualname__}"
            raise UserError(
                f"hydra.sweeper.sampler: expected a point from {name}; it raised "
                f"{type(error).__name__}: {error}"
            ) from error

    def _guided(self, study: Study, trial: FrozenTrial, given: Params) -> Params:
        relative_space = self.inner.infer_relative_search_space(study, trial)
        relative = self.inner.sample_relative(study, trial, relative_space)

        def choose(key: str, distribution: BaseDistribution) -> Any:
            if key in given:
                return given[key]
            if key in relative and distribution._contains(
                distribution.to_internal_repr(relative[key])
            ):
                return relative[key]
            if distribution.single():
                return optuna.distributions._get_single_value(distribution)
            return self.inner.sample_independent(study, trial, key, distribution)

        return self.space.walk(choose)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, name: str, distribution: BaseDistribution
    ) -> Any:
        """Sample a parameter that a fixed point leaves open."""
        return self.inner.sample_independent(study, trial, name, distribution)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Let the inner sampler prepare."""
        self.inner.before_trial(study, trial)

    def after_trial(
        self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """Let the inner sampler learn."""
        self.inner.after_trial(study, trial, state, values)
