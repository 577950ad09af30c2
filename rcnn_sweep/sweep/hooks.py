"""What an application may add to a sweep, named by ``hydra.sweeper.hooks=package.module.Class``."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from omegaconf import DictConfig

from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.findings import SweepSummary
from rcnn_sweep.sweep.plain import plain
from rcnn_sweep.sweep.space import Params


@dataclass(frozen=True)
class StudyInfo:
    """A study as its driver opens it. ``storage`` is ``url`` with its password masked.

    ``identity`` is the study's alone, whatever else is called by its name.
    """

    study_name: str
    identity: str
    storage: str
    directory: Path
    directions: tuple[str, ...]
    metrics: tuple[str, ...]
    space: Mapping[str, str]
    n_trials: int
    seed: int
    command: str
    config: DictConfig
    url: str = field(repr=False)


@dataclass(frozen=True)
class Recorded:
    """The end of a trial as the application recorded it.

    ``result`` is what the task function would have returned; unused for a pruned trial.
    """

    state: Literal["complete", "pruned"]
    result: Any = None


@dataclass(frozen=True)
class MetricNames:
    """What a task function returns by name: told at ``each_step``, or known only ``at_end``."""

    each_step: tuple[str, ...]
    at_end: tuple[str, ...] = ()


class StudyHooks:
    """The hooks of an application that adds nothing; override what is needed.

    ``validate`` runs in the driver and in every worker, the others in the driver or in whoever
    finds a dead worker's trial. Each process makes its own instance.

    In the configs that they are given, what Hydra knows of a job only while it runs, such as
    ``${hydra:job.num}``, stands for a job 0 in the working directory.
    """

    def __init__(self, config: DictConfig) -> None:
        """Take the base config, composed from the command's fixed overrides."""
        self.config = config

    @staticmethod
    def preload() -> None:
        """Import what trials need: each worker process does, while its study is being opened."""

    def prepare(self, config: DictConfig, dry_run: bool) -> list[str]:
        """Settle once, once the base config is found possible, what all trials share.

        Returns Hydra overrides that are added to every trial, such as where its data lies on this
        machine; they are no part of the best config. A dry run must stay quick.
        """
        return []

    def caveats(self, config: DictConfig) -> list[str]:
        """Say, a line each, what a dry run cannot know about the sweep itself."""
        return []

    def metric_names(self) -> MetricNames | None:
        """Name the metrics that can be objectives; None leaves the names unchecked."""
        return None

    def environment(self) -> dict[str, str]:
        """Give the environment variables that workers on other machines need, such as addresses.

        They may hold passwords: they are neither printed nor written to a file.
        """
        return {}

    def points(self, config: DictConfig, tried: Mapping[int, Params]) -> dict[int, Params] | None:
        """Give the points that make up the study, by slot; None where a sampler seeks them.

        Such a study is a comparison: it has no best point, and grows as the points do. ``tried``
        are the points of the slots that it has already: a slot keeps its point for good. Slots
        left out are not tried, or not again.
        """
        return None

    def validate(self, config: DictConfig) -> str | None:
        """Say in one line why ``config``, a composed trial, is impossible; None if it is not."""
        return None

    def record(self, config: DictConfig) -> dict[str, Any]:
        """Give what must not change between two commands of one study; by default all of it.

        Of what only a job can tell, such as ``${hydra:job.num}``, or the time, the text counts.
        """
        return plain(config)

    def expected_seconds(self, config: DictConfig) -> float | None:
        """Give the seconds that trials like ``config`` have taken before, None if there were none.

        Asked while no trial of the study has ended; it may take seconds.
        """
        return None

    def defaults(self, config: DictConfig) -> dict[str, Any]:
        """Give what :meth:`record` says of the config that sets nothing, as far as it is known.

        A study whose record lacks one of these keys is older than the option: for it the default
        holds. What is the default is no part of the name that a study gets by itself.
        """
        return {}

    def single_run(self, config: DictConfig, user_attrs: Mapping[str, Any]) -> list[str]:
        """Give overrides that a single run of the best trial needs besides its point.

        ``config`` is the trial's: what only the search had set is in it, and belongs into the
        single run (``best.yaml``) only where it is named here.
        """
        return []

    def open_study(self, info: StudyInfo, parent: Mapping[str, Any] | None) -> dict[str, Any]:
        """Open the study's record, or reopen ``parent``, the earlier return value of this hook.

        What is returned must be JSON; every trial gets it as ``current_trial().parent``.
        """
        return dict(parent or {})

    def near_end(self) -> None:
        """Begin what the end of the study will need, beside its last trials.

        The driver asks once, when each worker has two trials to go at most. In a sweep without
        worker processes it does not ask.
        """

    def outcome(self, user_attrs: Mapping[str, Any]) -> Recorded | None:
        """Give the recorded end of a trial whose process died before telling Optuna, if any."""
        return None

    def orphan(self, user_attrs: Mapping[str, Any], reason: str) -> None:
        """Mark the record of a trial whose process died; may be called twice for one trial."""

    def interrupted(self, user_attrs: Mapping[str, Any], reason: str) -> None:
        """Mark the record of a trial that ended with its command; may be called twice for one."""
        self.orphan(user_attrs, reason)

    def close_study(
        self, info: StudyInfo, parent: Mapping[str, Any], summary: SweepSummary
    ) -> list[str]:
        """Close the study's record; ``summary.results`` holds ``best.yaml``, tables, plots.

        Returns lines to end the command with, such as how to see the record.
        """
        return []


def load_hooks(name: str | None, config: DictConfig) -> StudyHooks:
    """Make the hooks of that dotted name; raises :class:`UserError` if there is no such class."""
    return hooks_class(name)(config)


def hooks_class(name: str | None) -> type[StudyHooks]:
    """Find the hooks of that dotted name; raises :class:`UserError` if there is no such class."""
    if name is None:
        return StudyHooks
    module, _, attribute = name.rpartition(".")
    try:
        found: object = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise UserError(
            f"hydra.sweeper.hooks: expected an importable class; received {name!r}: {error}"
        ) from error
    if not (isinstance(found, type) and issubclass(found, StudyHooks)):
        raise UserError(f"hydra.sweeper.hooks: expected a StudyHooks class; received {name!r}.")
    return found
