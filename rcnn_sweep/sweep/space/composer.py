"""From a point of the space to the Hydra config of its trial."""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf.errors import OmegaConfBaseException

from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.space.grammar import encoded, rendered
from rcnn_sweep.sweep.space.values import Params, Value


class Composer:
    """Composes trials of one sweep: the command's fixed overrides, then the point's own."""

    def __init__(self, loader: ConfigLoader, master: DictConfig, fixed: Iterable[str]) -> None:
        self.loader = loader
        self.master = master
        self.fixed = tuple(fixed)
        self._composed: dict[tuple[str, ...], DictConfig] = {}
        self._jobs: dict[tuple[str, ...], DictConfig] = {}

    def is_group(self, key: str) -> bool:
        """Say whether ``key`` is a config group, not a config value."""
        return bool(self.loader.get_group_options(key.lstrip("+").split("@")[0]))

    def overrides(self, params: Mapping[str, Value]) -> list[str]:
        """Give all task overrides of the point."""
        return [*self.fixed, *(rendered(key, value) for key, value in params.items())]

    def parsed(self, overrides: Sequence[str]) -> list[Override]:
        """Parse overrides with Hydra's own grammar."""
        parser = OverridesParser.create(config_loader=self.loader)
        return parser.parse_overrides(list(overrides))

    def job(self, params: Mapping[str, Value]) -> DictConfig:
        """Compose the point as Hydra would from the command line, ``hydra`` node included."""
        try:
            return self.loader.load_sweep_config(self.master, self.overrides(params))
        except (HydraException, OmegaConfBaseException) as error:
            raise UserError(
                f"cannot compose {' '.join(self.overrides(params))}: {error}"
            ) from error

    def task(self, params: Mapping[str, Value]) -> DictConfig:
        """Give the config a task function would get; quick, meant for checking many points.

        Hydra composes once for each combination of config groups; numbers are then put in place.
        """
        quick = {k: v for k, v in params.items() if _is_number(v) and not k.startswith(("+", "~"))}
        slow = {k: v for k, v in params.items() if k not in quick}
        config = deepcopy(self._cached(slow))
        for key, value in quick.items():
            OmegaConf.update(config, key, value)
        return config

    def value(self, key: str, params: Params | None = None) -> Value:
        """Give the composed value of ``key``, or the chosen option if it is a config group."""
        job = self._job_of(params or {})
        if self.is_group(key):
            choice: Value = job.hydra.runtime.choices.get(key)
            return choice
        found = OmegaConf.select(job, key.lstrip("+"), default=None)
        return encoded(OmegaConf.to_container(found) if OmegaConf.is_config(found) else found)

    def _job_of(self, params: Mapping[str, Value]) -> DictConfig:
        key = tuple(self.overrides(params))
        if key not in self._jobs:
            self._jobs[key] = self.job(params)
        return self._jobs[key]

    def _cached(self, params: Mapping[str, Value]) -> DictConfig:
        key = tuple(self.overrides(params))
        if key not in self._composed:
            self._composed[key] = without_hydra(self._job_of(params))
        return self._composed[key]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def without_hydra(config: DictConfig) -> DictConfig:
    """Give a copy of the composed config as a task function gets it."""
    copied = deepcopy(config)
    with read_write(copied), open_dict(copied):
        del copied["hydra"]
    return copied
