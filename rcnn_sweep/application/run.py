"""One run, a straight line: config, checks, data, writer, experiment. No TensorFlow yet."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from rcnn_sweep.application.ngrams import check_ngrams
from rcnn_sweep.application.vectors import check_vectors
from rcnn_sweep.config import Config, check, typed
from rcnn_sweep.data import Dataset, load
from rcnn_sweep.errors import Terminated
from rcnn_sweep.format import plain
from rcnn_sweep.names import Tag, TrialAttr
from rcnn_sweep.process import phase, signals
from rcnn_sweep.sweep import TrialContext, TrialPruned, current_trial
from rcnn_sweep.tracking import Store, check_store, how_to_see, tracking_uri
from rcnn_sweep.training import start_tensorflow

if TYPE_CHECKING:
    from rcnn_sweep.tracking import RunWriter

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """What is to be run: a config on its data, alone or as a trial of a study.

    ``kind`` (None: run or trial, as it is) and ``tags`` go on the record.
    """

    config: Config
    dataset: Dataset
    overrides: Sequence[str]
    trial: TrialContext | None
    kind: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Finished:
    """A run that is complete: its MLflow id, its metrics by recorded name, its settled config."""

    run_id: str
    metrics: Mapping[str, float]
    config: Config
    tracking_uri: str


def run_composed(composed: DictConfig, overrides: Sequence[str]) -> Finished:
    """Run a composed config to its end.

    As a trial it takes its seed from the study's. Raises
    :class:`rcnn_sweep.errors.UserError` before any run exists when config, data or store are not
    fit for it.
    """
    config, trial = typed(composed), current_trial()
    if trial is not None:
        config = replace(config, training=replace(config.training, seed=trial.seed))
    check(config)
    uri = tracking_uri(config.tracking.uri)
    check_store(uri, is_known=trial is not None)
    with _phase(trial, "reading the data"):
        dataset = load(config.data, say=log.info)
    config = replace(config, data=dataset.config)
    check(config)
    with _phase(trial, "opening MLflow's record"):
        store = Store(uri, config.tracking.experiment)
    if trial is None:
        for override in overrides:
            if "oc.env:" in override:
                log.info("%s: the record has the variable's value.", override)
        for run_id in store.reap():
            log.info("Run %s was left RUNNING by a process that died: now interrupted.", run_id)
    return recorded_run(Job(config, dataset, overrides, trial), store)


def recorded_run(job: Job, store: Store) -> Finished:
    """Train, evaluate and record; the record's end is truthful whatever happens.

    Raises :class:`rcnn_sweep.errors.UserError`, before there is a record, for word vectors that
    are not fit for the data and n-grams that it cannot have.
    """
    check_vectors(job.config, job.dataset)
    check_ngrams(job.config, job.dataset)
    writer = started(job, store)
    try:
        if job.trial is not None:
            job.trial.set_user_attr(TrialAttr.RUN_ID, writer.run_id)
        with _phase(job.trial, "starting TensorFlow"):
            start_tensorflow()
            from rcnn_sweep.training import perform

        with _watched(job, store, writer):
            metrics = perform(job.config, job.dataset, job.overrides, writer)
        writer.complete()
    except TrialPruned as pruned:
        writer.pruned(str(pruned))
        raise
    except (KeyboardInterrupt, Terminated) as stop:
        writer.interrupted(str(stop) or type(stop).__name__)
        raise
    except BaseException as error:
        if (swallowed := signals.pending()) is not None:
            writer.interrupted(f"stopped while it ran ({type(swallowed).__name__})")
            raise swallowed from error
        writer.failed(error)
        raise
    log.info("%s", how_to_see(store, writer.run_id))
    return Finished(writer.run_id, metrics, job.config, store.uri)


def _phase(trial: TrialContext | None, name: str) -> AbstractContextManager[None]:
    """Have what takes its time named; a sweep tells of its trials itself."""
    return phase(name) if trial is None else nullcontext()


def _watched(job: Job, store: Store, writer: "RunWriter") -> AbstractContextManager[None]:
    """Record what a run takes from its machine; trials of a search are too short for that."""
    if _kind(job) == "trial":
        return nullcontext()
    from rcnn_sweep.tracking import system_metrics

    return system_metrics(writer.run_id, store.uri)


def _kind(job: Job) -> str:
    return job.kind or ("run" if job.trial is None else "trial")


def started(job: Job, store: Store) -> "RunWriter":
    """Start the record; a trial's is a child of its study's, and both stores name each other."""
    trial = job.trial
    if trial is None:
        return store.start(_kind(job), name=run_name(job.config), tags=job.tags)
    tags = {Tag.STUDY: trial.study_name, Tag.TRIAL: str(trial.number)}
    return store.start(
        _kind(job),
        name=trial_name(trial.number, trial.params, job.config.tracking.run_name),
        tags={**tags, **job.tags},
        parent=trial.parent["run_id"],
    )


def run_name(config: Config) -> str:
    """Give the configured name, else one from the data and the sizes that sweeps explore."""
    sizes = f"f{config.conv.filters}-k{config.conv.kernel_size}-u{config.lstm.units}"
    return config.tracking.run_name or f"{config.data.name}-{sizes}-s{config.training.seed}"


def trial_name(number: int, params: Mapping[str, object], given: str | None = None) -> str:
    """Give a trial's number and what makes it differ from others: the ``given`` name, or its point.

    Keys are shortened to their last part where that tells them apart.

    >>> trial_name(11, {"conv.filters": 52, "lstm.units": 129})
    '#11 filters 52 units 129'
    """
    last = [key.rpartition(".")[2] for key in params]
    named = (
        f"{end if last.count(end) == 1 else key} {plain(value)}"
        for end, (key, value) in zip(last, params.items(), strict=True)
    )
    return " ".join([f"#{number}", *([given] if given else named)])
