"""Sweeps and their studies from Python."""

import math
from collections.abc import Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig

from rcnn_sweep.api.composition import multirun
from rcnn_sweep.config import Config, explained, from_yaml
from rcnn_sweep.errors import UserError
from rcnn_sweep.names import Artifact
from rcnn_sweep.overrides import as_typed, quoted

if TYPE_CHECKING:
    import pandas as pd

    from rcnn_sweep.sweep import StudySnapshot, TrialSnapshot

DEFAULT_SEARCH, OWN_SPACE = "search=around_baseline", "search=protocol"


def trial_task(composed: DictConfig) -> Mapping[str, float]:
    """Run one job: Hydra's task function of single runs and of every trial; gives its metrics.

    Stores and data lie where the command was started, wherever Hydra starts its jobs
    (``hydra.job.chdir``).
    """
    from rcnn_sweep.application import run_composed

    hydra = HydraConfig.get()
    with chdir(hydra.runtime.cwd):
        return run_composed(composed, as_typed(hydra.overrides.task)).metrics


@dataclass(frozen=True)
class Study:
    """A study in its storage. Every look reads it anew, so a sweep may be at work on it.

    ``storage`` is the URL it is read from; None: ``studies.db`` in the working directory.
    ``tracking_uri`` is the MLflow store of its runs; None: ``MLFLOW_TRACKING_URI``, else
    ``mlflow.db`` in the working directory.
    """

    name: str
    storage: str | None = None
    tracking_uri: str | None = None

    def trials(self) -> "pd.DataFrame":
        """Tabulate the trials, a row each in the order of their numbers.

        Columns: ``number``, ``state`` (complete, pruned, failed, interrupted, withdrawn, running
        or waiting), a column for each objective and each parameter under its own name, ``steps``
        (epochs reported), ``seconds``, ``started``, ``slot``, ``retry_of``, ``duplicate_of``,
        ``confirms``, ``seed``, ``run_id`` (of MLflow) and ``reason``.

        >>> import rcnn_sweep
        >>> rcnn_sweep.load_study("first").trials().sort_values("val_accuracy")  # doctest: +SKIP
        """
        import pandas as pd

        study = self._read()
        return pd.DataFrame([_row(study, trial) for trial in study.trials], columns=_columns(study))

    @property
    def best_params(self) -> dict[str, Any]:
        """The best trial's parameters by their keys.

        Raises :class:`rcnn_sweep.UserError` where no trial is complete yet, or where the study
        has several objectives and so a front of best trials.
        """
        return dict(self._best().params)

    @property
    def best_value(self) -> float:
        """The best trial's objective; raises what :attr:`best_params` raises."""
        return float(self._best().values[0])

    @property
    def best_config(self) -> Config:
        """The best trial's config as it was recorded; raises what :attr:`best_params` raises."""
        from rcnn_sweep.tracking import RunReader

        best = self._best()
        if best.run_id is None:
            raise UserError(
                f"best_config: expected a study recorded in MLflow; trial {best.number} of "
                f"{self.name} has no run there."
            )
        recorded = RunReader(self.tracking_uri).text(best.run_id, Artifact.RESOLVED_CONFIG)
        if recorded is None:
            raise UserError(
                f"best_config: expected {Artifact.RESOLVED_CONFIG} in run {best.run_id}; "
                "found none."
            )
        return from_yaml(recorded)

    def report(self, path: str | Path | None = None) -> Path:
        """Write the study's HTML report to ``path`` and give its path.

        None: to ``sweep/report.html`` in the study's directory and onto its MLflow run. The first
        report of a study trains its plain reference, seconds to half a minute.
        """
        from rcnn_sweep.application import report_study

        output = None if path is None else Path(path).expanduser().absolute()
        return report_study(self.name, self.storage, tracking_uri=self.tracking_uri, output=output)

    def _read(self) -> "StudySnapshot":
        from rcnn_sweep.sweep import read_study

        return read_study(self.name, self.storage)

    def _best(self) -> "TrialSnapshot":
        study = self._read()
        if len(study.directions) > 1:
            raise UserError(
                f"{self.name}: expected a study of one objective; it has {len(study.directions)}, "
                "and so a front of best trials. See trials()."
            )
        if not study.best:
            raise UserError(f"{self.name}: expected a complete trial; it has none yet.")
        return study.best[0]


def search(*overrides: str, **sweeper_options: Any) -> Study:
    """Search for a better config, as ``python -m rcnn_sweep -m OVERRIDES`` does.

    ``sweeper_options`` are those below ``hydra.sweeper``: ``n_trials=30``, ``workers="auto"``,
    ``study_name``, ``storage``, ``seed``, ``sampler="tpe"`` and so on; a sampler or pruner may be
    a name or a mapping with ``name`` and ``kwargs``. The same call resumes the study. Raises
    :class:`rcnn_sweep.UserError` before anything is written for a mistake, and
    :class:`rcnn_sweep.SweepFailed` where no trial came to a result.

    >>> import rcnn_sweep
    >>> study = rcnn_sweep.search("data=snippets", n_trials=20, workers=2)  # doctest: +SKIP
    >>> study.best_value, study.best_params  # doctest: +SKIP
    """
    words = [*overrides, *sweeper_overrides(sweeper_options)]
    searching = with_default_search(words)
    with explained(words):
        summary = multirun("config", trial_task, searching, command=["-m", *searching])
    if summary is None:
        raise UserError(
            "dry_run: expected a search that runs; received true. The plan is printed above."
        )
    return Study(
        summary.study_name,
        storage=given(words, "hydra.sweeper.storage"),
        tracking_uri=given(words, "tracking.uri"),
    )


def load_study(
    name: str | None = None, storage: str | None = None, *, tracking_uri: str | None = None
) -> Study:
    """Open the study ``name`` (None: the last search) of ``storage`` (None: ``studies.db`` here).

    ``tracking_uri`` as for :class:`Study`.
    Raises :class:`rcnn_sweep.UserError` where there is no such storage or study; creates none.

    >>> import rcnn_sweep
    >>> rcnn_sweep.load_study().best_params  # doctest: +SKIP
    """
    from rcnn_sweep.sweep import find_study_name

    return Study(find_study_name(name, storage), storage, tracking_uri)


def given(words: Sequence[str], key: str) -> str | None:
    """Give the text that ``words``, overrides, set ``key`` to; None where they do not."""
    parsed = OverridesParser.create().parse_overrides(list(words))
    values = [override.value() for override in parsed if override.key_or_group == key]
    return None if not values or values[-1] is None else str(values[-1])


def with_default_search(words: Sequence[str]) -> list[str]:
    """Add the default search where none is named; none's space, where the words span one.

    >>> with_default_search(["lstm.units=32,64"])
    ['lstm.units=32,64', 'search=protocol']
    """
    if any(word.lstrip("+").startswith("search=") for word in words):
        return [*words]
    return [*words, OWN_SPACE if any(map(_sweeps, words)) else DEFAULT_SEARCH]


def _sweeps(word: str) -> bool:
    """Say whether the word is a list, a range or the like of an override's values."""
    try:
        return OverridesParser.create().parse_override(word).is_sweep_override()
    except HydraException:  # a flag, or a mistake, which whoever composes the words tells
        return False


def sweeper_overrides(options: Mapping[str, Any]) -> list[str]:
    """Write options of the sweeper as Hydra overrides.

    >>> sweeper_overrides({"n_trials": 5, "sampler": "random"})
    ['hydra.sweeper.n_trials=5', "hydra.sweeper.sampler.name='random'"]
    """
    found = []
    for name, value in options.items():
        key = f"hydra.sweeper.{name}"
        if name in ("sampler", "pruner"):
            given = {"name": value} if isinstance(value, str) else dict(value)
            found += [f"{key}.{inner}={_written(own)}" for inner, own in given.items()]
        else:
            found.append(f"{key}={_written(value)}")
    return found


def _written(value: Any) -> str:
    """Write a value in Hydra's override grammar."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{_written(own)}" for key, own in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_written, value)) + "]"
    return quoted(str(value))


def _columns(study: "StudySnapshot") -> list[str]:
    params = dict.fromkeys(key for trial in study.trials for key in trial.params)
    ends = (
        "steps",
        "seconds",
        "started",
        "slot",
        "retry_of",
        "duplicate_of",
        "confirms",
        "seed",
        "run_id",
    )
    return ["number", "state", *study.metrics, *params, *ends, "reason"]


def _row(study: "StudySnapshot", trial: "TrialSnapshot") -> dict[str, Any]:
    values = dict(zip(study.metrics, trial.values, strict=False))
    return {
        **dict.fromkeys(study.metrics, math.nan),
        **values,
        **trial.params,
        "number": trial.number,
        "state": trial.state,
        "steps": len(trial.steps),
        "seconds": trial.seconds,
        "started": trial.started,
        "slot": trial.slot,
        "retry_of": trial.retry_of,
        "duplicate_of": trial.duplicate_of,
        "confirms": trial.confirms,
        "seed": trial.seed,
        "run_id": trial.run_id,
        "reason": trial.reason,
    }
