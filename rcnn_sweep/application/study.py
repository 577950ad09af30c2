"""How this application takes part in a sweep: judge points, settle the data, record the study."""

import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from rcnn_sweep.application.ahead import ReferencesAhead
from rcnn_sweep.application.epochs import decided_epochs, of_fixed_length
from rcnn_sweep.application.ngrams import check_ngrams
from rcnn_sweep.application.vectors import check_vectors
from rcnn_sweep.config import (
    Config,
    TrackingConfig,
    TrainingConfig,
    as_dict,
    check,
    flat,
    problems,
    to_yaml,
    typed,
)
from rcnn_sweep.data import (
    DataConfig,
    Dataset,
    expected_sha256,
    load,
    source_of,
    vectors_sha256,
)
from rcnn_sweep.errors import UserError
from rcnn_sweep.metrics import each_epoch, final, names
from rcnn_sweep.names import Artifact, Tag, TrialAttr
from rcnn_sweep.overrides import override
from rcnn_sweep.sweep import MetricNames, Recorded, StudyHooks, StudyInfo, standing_of
from rcnn_sweep.tracking import RunReader, Store, check_store, how_to_see, tracking_uri
from rcnn_sweep.training import start_tensorflow

if TYPE_CHECKING:
    from rcnn_sweep.sweep import SweepSummary, TrialSnapshot
    from rcnn_sweep.tracking import RunWriter

log = logging.getLogger(__name__)

# What opens the store besides its address.
ACCESS = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")

# How a trial can stand at the end of a command; none is left out, so a resumed study shows no
# count of an earlier end.
STATES = ("complete", "pruned", "failed", "interrupted", "running", "waiting", "repeated")


# What, beside the data and the machine, decides most how long a run takes.
PACE = (
    "data.train_limit",
    "data.validation_fraction",
    "training.epochs",
    "training.batch_size",
    "training.bucket_width",
)


HOW_TRAINED = ("bucket_width", "ema")
"""Options of training that named searches set and their winner's single run has, too."""


class RecordedTrials(StudyHooks):
    """Each trial is an MLflow run, which knows its end even where Optuna was not told.

    Whoever derives from it closes the study's record in ``_close``, and may begin references in
    ``near_end``: they end with the study.
    """

    def __init__(self, config: DictConfig) -> None:
        """Take the base config, composed from the command's fixed overrides."""
        super().__init__(config)
        self._ahead = ReferencesAhead()

    @property
    def store(self) -> Store:
        """The store that the trials' runs are in."""
        raise NotImplementedError

    @staticmethod
    def preload() -> None:
        """Start TensorFlow, and import MLflow and what trains."""
        start_tensorflow()
        from rcnn_sweep.training import perform  # noqa: F401

    def environment(self) -> dict[str, str]:
        """Give the way to the store."""
        access = {name: os.environ[name] for name in ACCESS if name in os.environ}
        return {**access, "MLFLOW_TRACKING_URI": self.store.uri}

    def outcome(self, user_attrs: Mapping[str, Any]) -> Recorded | None:
        """Give the end of a trial that MLflow has in full while Optuna was not told of it."""
        run_id = user_attrs.get(TrialAttr.RUN_ID)
        if run_id is None:
            return None
        state, metrics = self.store.outcome(str(run_id))
        if state == "complete":
            return Recorded("complete", metrics)
        return Recorded("pruned") if state == "pruned" else None

    def orphan(self, user_attrs: Mapping[str, Any], reason: str) -> None:
        """Mark the run of a trial whose process died as failed."""
        if (writer := self._unfinished(user_attrs)) is not None:
            writer.lost(reason)

    def interrupted(self, user_attrs: Mapping[str, Any], reason: str) -> None:
        """Mark the run of a trial that ended with its command as interrupted."""
        if (writer := self._unfinished(user_attrs)) is not None:
            writer.interrupted(reason)

    def close_study(
        self, info: StudyInfo, parent: Mapping[str, Any], summary: "SweepSummary"
    ) -> list[str]:
        """Close the study's record; no reference is trained after it."""
        try:
            return self._close(info, str(parent["run_id"]), summary)
        finally:
            self._ahead.stop()

    def _close(self, info: StudyInfo, run_id: str, summary: "SweepSummary") -> list[str]:
        raise NotImplementedError

    def parent_run(
        self,
        info: StudyInfo,
        parent: Mapping[str, Any] | None,
        *,
        kind: str,
        name: str,
        tags: Mapping[str, str],
    ) -> "RunWriter":
        """Start the study's own run, or take it up again: ``parent`` names it, or its tag does.

        A command that is killed just after the start has not told the study of it.
        """
        known = self.store.begun(info.identity) if parent is None else str(parent["run_id"])
        if known is None:
            return self.store.start(kind, name=name, tags={**tags, Tag.IDENTITY: info.identity})
        self.store.resume(known)
        return self.store.writer(known)

    def _unfinished(self, user_attrs: Mapping[str, Any]) -> "RunWriter | None":
        run_id = user_attrs.get(TrialAttr.RUN_ID)
        is_running = run_id is not None and self.store.is_running(str(run_id))
        return self.store.writer(str(run_id)) if is_running else None


class RecordedStudy(RecordedTrials):
    """The study is an MLflow run; its trials, recorded as single runs are, are its children."""

    def __init__(self, config: DictConfig, tracking: TrackingConfig | None = None) -> None:
        """Record in the store that ``tracking`` names, else ``config``, the base config."""
        super().__init__(config)
        self._tracking = typed(config).tracking if tracking is None else tracking
        self._data: DataConfig | None = None

    @cached_property
    def store(self) -> Store:
        """The store that the config names."""
        return Store(tracking_uri(self._tracking.uri), self._tracking.experiment)

    def prepare(self, config: DictConfig, dry_run: bool) -> list[str]:
        """Check config and store, find or fetch the data, and give the trials its path."""
        settings = typed(config)
        check(settings)
        if settings.data.validation == "test":
            raise UserError(
                "data.validation: expected holdout in a sweep, which must not select on the test "
                "split; received test. Leave it out, or set data.validation=holdout."
            )
        check_store(tracking_uri(settings.tracking.uri))
        if dry_run:
            return []
        dataset = settled(settings)
        self._data = dataset.config
        return leading_to(settings.data, dataset)

    def caveats(self, config: DictConfig) -> list[str]:
        """Say what depends on data that is yet to be fetched."""
        data = typed(config).data
        return source_of(data).caveats(data)

    def metric_names(self) -> MetricNames:
        """Name what trials record; they do not read the test split."""
        at_end = (metric for metric in final() if metric.split != "test")
        return MetricNames(names(reversed(each_epoch())), names(at_end))

    def expected_seconds(self, config: DictConfig) -> float | None:
        """Give what runs took that trained as long on the same data."""
        settings = typed(config)
        values = flat(settings)
        pace = {key: values[key] for key in PACE if key in values}
        return self.store.seconds_of(expected_sha256(settings.data), pace)

    def validate(self, config: DictConfig) -> str | None:
        """Give the first reason why the point cannot work: ranges, choices, shape arithmetic."""
        settings = typed(config)
        if (instead := source_of(settings.data).stand_in(settings.data)) is not None:
            settings = replace(settings, data=instead.config)
        if settings.training.seed != TrainingConfig().seed:
            return (
                "training.seed: expected none in a sweep, whose trials derive their seeds from "
                f"hydra.sweeper.seed; received {settings.training.seed}."
            )
        return next(problems(settings), None)

    def record(self, config: DictConfig) -> dict[str, Any]:
        """Give what must stay the same in one study: all but places and tracking."""
        settings = typed(config)
        compared = _compared(settings)
        if settings.embedding.vectors is not None:
            compared["embedding"]["vectors"] = vectors_sha256(settings.embedding.vectors)
        sha256 = expected_sha256(settings.data)
        return {**compared, "data": {**compared["data"], "sha256": sha256}}

    def defaults(self, config: DictConfig) -> dict[str, Any]:
        """Give the schema's defaults, of the data source that the config names."""
        source = source_of(typed(config).data)
        compared = _compared(Config(data=source.options()))
        del compared["data"]["name"]  # which source it is, is never left out
        return compared

    def single_run(self, config: DictConfig, user_attrs: Mapping[str, Any]) -> list[str]:
        """Keep how texts were padded and whether weights were averaged, and as many epochs as the
        trial's validation split decided.

        A single run is judged on the test split, which decides nothing.
        """
        training = typed(config).training
        reader = RunReader(self.store.uri, is_known=True)
        epochs = decided_epochs(training, str(user_attrs[TrialAttr.RUN_ID]), reader)
        values = {key: getattr(training, key) for key in HOW_TRAINED}
        kept = [f"training.{k}={'null' if value is None else value}" for k, value in values.items()]
        if epochs is not None:
            fixed = of_fixed_length(training, epochs)
            kept += [f"training.keep={fixed.keep}", f"training.epochs={fixed.epochs}"]
            kept.append("training.patience=null")
            if fixed.schedule_epochs is not None:
                kept.append(f"training.schedule_epochs={fixed.schedule_epochs}")
        return kept

    def open_study(self, info: StudyInfo, parent: Mapping[str, Any] | None) -> dict[str, Any]:
        """Start the parent run, or take the one of an earlier command up again."""
        store = self.store
        store.reap(but_study=info.study_name)
        tags = {Tag.STUDY: info.study_name}
        writer = self.parent_run(info, parent, kind="study", name=info.study_name, tags=tags)
        writer.tags({Tag.N_TRIALS: info.n_trials})  # a tag: a later command may raise it
        if parent is None and not store.has_params(writer.run_id):
            self._describe(writer, info)
        return {"run_id": writer.run_id, "experiment_id": store.experiment_id, **(parent or {})}

    def _describe(self, writer: "RunWriter", info: StudyInfo) -> None:
        """Record what the study is about. Parameters, which cannot be changed, come last."""
        config = typed(info.config)
        writer.text(Artifact.BASE_CONFIG, to_yaml(config))
        writer.tags({Tag.DATA_SHA256: expected_sha256(config.data)})
        if config.embedding.vectors is not None:
            writer.tags({Tag.VECTORS_SHA256: vectors_sha256(config.embedding.vectors)})
        if (instead := source_of(config.data).stand_in(config.data)) is not None:
            writer.tags({Tag.DATA_FALLBACK: instead.reason})
        writer.params(study_params(info))

    def near_end(self) -> None:
        """Train the references of the report."""
        if self._data is not None:
            self._ahead.start(self._data, "validation")

    def _close(self, info: StudyInfo, run_id: str, summary: "SweepSummary") -> list[str]:
        """Put the results on the parent run and end it truthfully."""
        from rcnn_sweep.application.report import attach_report
        from rcnn_sweep.sweep import summary_lines

        writer = self.store.writer(run_id)
        try:
            self.store.reap()  # runs of killed workers that no trial came to name
            writer.metrics(study_metrics(summary))
            writer.folder("sweep", summary.results)
            writer.describe("\n".join(summary_lines(summary, info)).strip())
        except Exception as error:  # a full disk must not leave the run RUNNING
            writer.lost(summary.reason or f"its results could not be recorded: {error}")
            raise
        if summary.state == "complete":
            writer.tags({Tag.REASON: summary.reason} if summary.reason else {})
            writer.complete()
        elif summary.state == "interrupted":
            writer.interrupted(summary.reason)
        else:
            writer.lost(summary.reason)
        is_over = summary.state == "complete"
        reference = ", training its plain reference if need be" if is_over else ""
        log.info("Writing the report%s.", reference)
        attach_report(
            info.study_name,
            info.url,
            self.store.uri,
            may_train=is_over,
            ahead=self._ahead if is_over else None,
        )
        return [*what_next(info), how_to_see(self.store, writer.run_id)]


def _compared(settings: Config) -> dict[str, Any]:
    compared = as_dict(settings)
    del compared["tracking"]
    places = source_of(settings.data).places
    data = {key: value for key, value in compared["data"].items() if key not in places}
    return {**compared, "data": data}


def what_next(info: StudyInfo) -> list[str]:
    """Give the commands that look closer at a study; a storage's password is masked."""
    from rcnn_sweep.process import command
    from rcnn_sweep.sweep import storage_url

    is_default = info.url == storage_url(None)
    place = [] if is_default else ["--storage", info.storage]
    return [
        f"report:    {command('report', info.study_name, *place)}",
        f"refit:     {command('refit', info.study_name, '--seeds', '5', *place)}",
    ]


def settled(config: Config) -> Dataset:
    """Load the data once, so that its mistakes show now and its cache is built."""
    dataset = load(config.data, say=log.info)
    check_vectors(config, dataset)
    check_ngrams(config, dataset)
    return dataset


def leading_to(config: DataConfig, dataset: Dataset) -> list[str]:
    """Give the overrides that lead every trial to what ``config`` led to."""
    options = source_of(config).settled(dataset.config, dataset.fallback_reason)
    return [override(f"data.{name}", value) for name, value in options.items()]


def study_params(info: StudyInfo) -> dict[str, Any]:
    """Give what a study is about, for the parent run's parameters."""
    return {
        "study_name": info.study_name,
        "storage": info.storage,
        "seed": info.seed,
        "metric": ", ".join(info.metrics),
        "direction": ", ".join(info.directions),
        **{f"space.{key}": spec for key, spec in info.space.items()},
    }


def study_metrics(summary: "SweepSummary") -> dict[str, float]:
    """Give what a study found, for the parent run's metrics."""
    metrics = {f"trials_{state}": float(summary.counts.get(state, 0)) for state in STATES}
    metrics["compute_saved"] = summary.saved
    metrics["total_seconds"] = summary.wall_seconds
    if len(summary.metrics) == 1 and summary.best:
        for role, trial in (("best", summary.best[0]), ("baseline", summary.baseline)):
            if trial is not None:
                metrics |= _result(f"{role}_{summary.metrics[0]}", trial, summary)
    return metrics


def _result(name: str, trial: "TrialSnapshot", summary: "SweepSummary") -> dict[str, float]:
    """Give a trial's value and, where its point was run again, the estimate of its true one."""
    standing = standing_of(summary, trial)
    estimate = {} if standing is None else {f"{name}_estimate": standing.estimate}
    return {name: trial.values[0], **estimate}
