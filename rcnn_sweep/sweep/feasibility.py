"""Which points of a space are possible: judged by the application, counted, and sampled."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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
from rcnn_sweep.sweep.space import Composer, Params, Space

ENUMERATED = 1000
"""Points of a finite space that are checked one by one; of others as many are drawn at random
as :data:`DRAWN`."""

DRAWN = 200

GUIDED_DRAWS = 30
"""Points asked of the sampler itself before uniform ones are tried."""

UNIFORM_DRAWS = 500
"""Uniform points tried before the space counts as having no possible point."""


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


class FeasibleSampler(BaseSampler):
    """Asks another sampler for whole points until one is possible, before any is stored.

    ``impossible`` gives the reason why a point is, or None. Points that a running trial has are
    avoided while there are others. ``rejected`` counts the impossible points drawn.
    """

    def __init__(
        self,
        inner: BaseSampler,
        space: Space,
        impossible: Callable[[Params], str | None],
        seed: int,
    ) -> None:
        self.inner = inner
        self.space = space
        self.impossible = impossible
        self.rng = random.Random(seed)
        self.rejected = 0
        self.reason = ""

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Give the whole space: every parameter is chosen together with the others."""
        return {p.key: p.distribution for p in self.space.parameters}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> Params:
        """Give a possible point; raises :class:`UserError` if none can be found."""
        if trial.system_attrs.get("fixed_params"):
            return {}
        running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        busy = [t.params for t in running if t.number != trial.number]
        return self._possible(study, trial, busy)

    def _possible(self, study: Study, trial: FrozenTrial, busy: Sequence[Params]) -> Params:
        spare: Params | None = None
        for params in self._candidates(study, trial):
            if (reason := self.impossible(params)) is not None:
                self.rejected, self.reason = self.rejected + 1, reason
            elif params not in busy:
                return params
            elif spare == params:
                return spare
            else:
                spare = params
        if spare is None:
            raise UserError(
                f"no possible point in the space after {self.rejected} draws; last: {self.reason}"
            )
        return spare

    def _candidates(self, study: Study, trial: FrozenTrial) -> Iterator[Params]:
        """Give the sampler's points until it repeats itself, then uniform ones."""
        last: Params | None = None
        for _ in range(GUIDED_DRAWS):
            params = self._asked(study, trial)
            if params == last:
                break
            last = params
            yield params
        for _ in range(UNIFORM_DRAWS):
            yield self.space.draw(self.rng)

    def _asked(self, study: Study, trial: FrozenTrial) -> Params:
        """Ask the sampler; what one of the user's own raises ends the sweep as their mistake."""
        try:
            return self._guided(study, trial)
        except (UserError, SweepFailed, OptunaError):
            raise
        except Exception as error:
            name = f"{type(self.inner).__module__}.{type(self.inner).__qualname__}"
            raise UserError(
                f"hydra.sweeper.sampler: expected a point from {name}; it raised "
                f"{type(error).__name__}: {error}"
            ) from error

    def _guided(self, study: Study, trial: FrozenTrial) -> Params:
        relative_space = self.inner.infer_relative_search_space(study, trial)
        relative = self.inner.sample_relative(study, trial, relative_space)

        def choose(key: str, distribution: BaseDistribution) -> Any:
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
