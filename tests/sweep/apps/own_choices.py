"""A sampler and pruners of one's own, as a user would write them beside the app."""

from collections.abc import Sequence
from typing import Any

import optuna
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import RandomSampler
from optuna.trial import FrozenTrial


class Halves(RandomSampler):
    """Draws uniformly, as its seed says, but never above ``share`` of a parameter's range."""

    def __init__(self, share: float = 0.5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.share = share

    def sample_independent(
        self, study: Study, trial: FrozenTrial, name: str, distribution: BaseDistribution
    ) -> Any:
        value = super().sample_independent(study, trial, name, distribution)
        low = distribution.low  # type: ignore[attr-defined]
        return low + type(value)((value - low) * self.share)


class Counting(optuna.samplers.BaseSampler):
    """Takes no seed: trial ``n`` is at ``low + n``."""

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, name: str, distribution: BaseDistribution
    ) -> Any:
        return distribution.low + trial.number  # type: ignore[attr-defined]


class Broken(Counting):
    """Fails when it is asked."""

    def sample_independent(
        self, study: Study, trial: FrozenTrial, name: str, distribution: BaseDistribution
    ) -> Any:
        raise ValueError("no idea")


class AfterSteps(optuna.pruners.BasePruner):
    """Prunes every trial but the first after so many steps."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        return trial.number > 0 and len(trial.intermediate_values) >= self.steps


NOT_A_CLASS: Sequence[int] = ()
