"""Optuna's samplers and pruners by name, and the rejection of impossible points."""

import importlib.util
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import optuna
from optuna import Study, pruners, samplers
from optuna.distributions import BaseDistribution
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.options import Named
from rcnn_sweep.sweep.space import Params, Space

GUIDED_DRAWS = 30
"""Points asked of the sampler itself before uniform ones are tried."""

UNIFORM_DRAWS = 500
"""Uniform points tried before the space counts as having no possible point."""

_SAMPLERS: dict[str, Callable[..., BaseSampler]] = {
    "tpe": samplers.TPESampler,
    "random": samplers.RandomSampler,
    "cmaes": samplers.CmaEsSampler,
    "gp": samplers.GPSampler,
    "nsgaii": samplers.NSGAIISampler,
    "qmc": samplers.QMCSampler,
    "grid": samplers.RandomSampler,
    "bruteforce": samplers.RandomSampler,
}

_PACKAGES = {"cmaes": "cmaes", "gp": "torch"}
"""Packages that Optuna imports only when such a sampler takes its first trial."""

_PRUNERS: dict[str, Callable[..., BasePruner]] = {
    "median": pruners.MedianPruner,
    "successive_halving": pruners.SuccessiveHalvingPruner,
    "hyperband": pruners.HyperbandPruner,
    "none": pruners.NopPruner,
}


def make_sampler(choice: Named, seed: int, study_seed: int) -> BaseSampler:
    """Make the sampler of one trial; its random numbers depend on ``seed`` alone.

    So a study resumed, or drained by one worker, samples the same points again. A quasi-random
    sequence must be one for the whole study and takes ``study_seed``. ``grid`` and
    ``bruteforce`` never sample: their points are in the queue. Raises :class:`UserError`.
    """
    package = _PACKAGES.get(choice.name)
    if package is not None and importlib.util.find_spec(package) is None:
        raise UserError(
            f"hydra.sweeper.sampler.name={choice.name}: expected the package {package}; found "
            f"none. pip install {package}"
        )
    chosen = study_seed if choice.name == "qmc" else seed
    made = _made("sampler", _SAMPLERS, Named(choice.name, {"seed": chosen, **choice.kwargs}))
    return cast(BaseSampler, made)


def make_pruner(choice: Named) -> BasePruner:
    """Make the pruner; raises :class:`UserError`."""
    return cast(BasePruner, _made("pruner", _PRUNERS, choice))


def _made(kind: str, makers: dict[str, Callable[..., Any]], choice: Named) -> Any:
    try:
        return makers[choice.name](**choice.kwargs)
    except ImportError as error:
        raise UserError(f"hydra.sweeper.{kind}.name={choice.name}: {_line(error)}") from error
    except (TypeError, ValueError) as error:
        raise UserError(
            f"hydra.sweeper.{kind}.kwargs: expected arguments of Optuna's class; "
            f"received {dict(choice.kwargs)}: {_line(error)}"
        ) from error


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


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
            params = self._guided(study, trial)
            if params == last:
                break
            last = params
            yield params
        for _ in range(UNIFORM_DRAWS):
            yield self.space.draw(self.rng)

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
