"""From a point of the space to the Hydra config of its trial."""

import pickle
from collections.abc import Iterable, Mapping
from copy import deepcopy
from functools import cache, cached_property, lru_cache
from typing import Any, cast

import cloudpickle  # type: ignore[import-untyped]
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf.errors import OmegaConfBaseException

from rcnn_sweep.errors import UserError
from rcnn_sweep.overrides import as_typed
from rcnn_sweep.sweep.space.grammar import encoded, rendered
from rcnn_sweep.sweep.space.values import Params, Value

KEPT = 128
"""Composed combinations of config groups that are kept, the latest used."""

OPEN = "???"
"""The choice in a group that the config leaves to the command, and a sweep to its trials."""


class Composer:
    """Composes trials of one sweep: the command's fixed overrides, then the point's own.

    ``open_groups`` have no option yet: they are missing in what is composed before a point
    chooses one of each.
    """

    def __init__(self, loader: ConfigLoader, master: DictConfig, fixed: Iterable[str]) -> None:
        self.loader = loader
        self.master = master
        self.fixed = tuple(fixed)
        self.open_groups = tuple(group for group, name in _choices(master).items() if name == OPEN)
        self._has_options = cache(lambda group: bool(loader.get_group_options(group)))
        self._job_of = lru_cache(KEPT)(self._composed)
        self._packed = lru_cache(KEPT)(lambda words: cloudpickle.dumps(self._job_of(words)))
        self._task_of = lru_cache(KEPT)(lambda overrides: without_hydra(self._job_of(overrides)))

    def is_group(self, key: str) -> bool:
        """Say whether ``key`` is a config group, not a config value."""
        return self._has_options(_plain(key))

    def overrides(self, params: Mapping[str, Value]) -> tuple[str, ...]:
        """Give all task overrides of the point."""
        return (*self.fixed, *(rendered(key, value) for key, value in params.items()))

    def whole(self) -> tuple[str, ...]:
        """Give the fixed overrides and any option of each open group: Hydra composes them."""
        return (*self.fixed, *(f"{group}={self.options(group)[0]}" for group in self.open_groups))

    def options(self, group: str) -> list[str]:
        """Give the options of a config group."""
        return self.loader.get_group_options(_plain(group))

    def parsed(self, overrides: Iterable[str]) -> list[Override]:
        """Parse overrides with Hydra's own grammar."""
        parser = OverridesParser.create(config_loader=self.loader)
        return parser.parse_overrides(list(overrides))

    def job(self, params: Mapping[str, Value]) -> DictConfig:
        """Compose the point as Hydra would from the command line, ``hydra`` node included.

        Hydra composes once for each combination of config groups; numbers are then put in place.
        A number that does not fit is left to Hydra, so that the mistake is told in its words.
        """
        slow, quick = self._split(params)
        packed = self._packed(
            self.overrides(slow)
        )  # copied so, for deepcopy takes five times as long
        job: DictConfig = pickle.loads(packed)  # noqa: S301
        overrides = self.overrides(params)
        try:
            with read_write(job.hydra), open_dict(job.hydra):
                job.hydra.overrides.task = list(overrides)
                job.hydra.job.override_dirname = self._dirname(job, params)
            _put(job, quick)
        except OmegaConfBaseException:
            return self._composed(overrides)
        return job

    def _composed(self, overrides: tuple[str, ...]) -> DictConfig:
        try:
            if self._leaves_open(overrides):
                return self._outline(overrides)
            return self.loader.load_sweep_config(self.master, list(overrides))
        except (HydraException, OmegaConfBaseException) as error:
            raise UserError(f"cannot compose {' '.join(overrides)}: {error}") from error

    def _leaves_open(self, overrides: Iterable[str]) -> bool:
        if not self.open_groups:
            return False
        chosen = {override.get_key_element().lstrip("+") for override in self.parsed(overrides)}
        return not chosen.issuperset(self.open_groups)

    def _outline(self, overrides: Iterable[str]) -> DictConfig:
        """Compose as Hydra composes a sweep before its jobs: without the groups that are open."""
        words = [*as_typed(self.master.hydra.overrides.hydra), *overrides]
        name = self.master.hydra.job.config_name
        outline = self.loader.load_configuration(name, words, RunMode.MULTIRUN)
        OmegaConf.copy_cache(from_config=self.master, to_config=outline)
        return outline

    def _dirname(self, job: DictConfig, params: Mapping[str, Value]) -> str:
        """Name the point as Hydra's ``hydra.job.override_dirname`` does."""
        settings = job.hydra.job.config.override_dirname
        own = [(_plain(key), rendered(key, value)) for key, value in params.items()]
        kept = sorted(o for key, o in (*self._keyed, *own) if key not in settings.exclude_keys)
        return str(settings.item_sep.join(kept).replace("=", settings.kv_sep))

    @cached_property
    def _keyed(self) -> list[tuple[str, str]]:
        """The fixed overrides, each with the key or group that it sets."""
        return [(o.key_or_group, str(o.input_line)) for o in self.parsed(self.fixed)]

    def task(self, params: Mapping[str, Value]) -> DictConfig:
        """Give the config a task function would get; quick, meant for checking many points."""
        slow, quick = self._split(params)
        config = deepcopy(self._task_of(self.overrides(slow)))
        _put(config, quick)
        return config

    def _split(self, params: Mapping[str, Value]) -> tuple[Params, Params]:
        """Part the values that take part in composition from numbers, which are put in place."""
        quick = {k: v for k, v in params.items() if _is_number(v) and not self._composes(k)}
        return {k: v for k, v in params.items() if k not in quick}, quick

    def _composes(self, key: str) -> bool:
        return key.startswith(("+", "~")) or self.is_group(key)

    def value(self, key: str, params: Params | None = None) -> Value:
        """Give the composed value of ``key``, or the chosen option if it is a config group.

        One that only a job can tell (``${hydra:job.num}``), or nobody, is None.
        """
        job = self._job_of(self.overrides(params or {}))
        if self.is_group(key):
            return encoded(_choices(job).get(key))
        found = OmegaConf.select(
            job, key.lstrip("+"), default=None, throw_on_resolution_failure=False
        )
        return encoded(OmegaConf.to_container(found) if OmegaConf.is_config(found) else found)


def _choices(job: DictConfig) -> dict[str, Any]:
    return cast(dict[str, Any], OmegaConf.to_container(job.hydra.runtime.choices))


def _put(config: DictConfig, values: Mapping[str, Value]) -> None:
    for key, value in values.items():
        OmegaConf.update(config, key, value)


def _plain(key: str) -> str:
    """Give the key or group without Hydra's marks for adding, deleting and packages."""
    return key.lstrip("+~").partition("@")[0]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def without_hydra(config: DictConfig) -> DictConfig:
    """Give a copy of the composed config as a task function gets it."""
    copied = deepcopy(config, {id(config.hydra): OmegaConf.create()})  # the large part spared
    with read_write(copied), open_dict(copied):
        del copied["hydra"]
    return copied
