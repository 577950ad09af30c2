"""Train and evaluate one config on one dataset, and write all of it into a record."""

import logging
import math
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
from omegaconf import OmegaConf

from rcnn_sweep import network, rcnn_text_model
from rcnn_sweep.config import Config, flat, to_yaml
from rcnn_sweep.data import Dataset
from rcnn_sweep.metrics import final
from rcnn_sweep.names import Artifact, Tag
from rcnn_sweep.sweep import checkpoint, current_trial, report
from rcnn_sweep.tracking import RunWriter, environment, log_text_model
from rcnn_sweep.training import figures
from rcnn_sweep.training.evaluation import Evaluation, evaluate
from rcnn_sweep.training.fitting import History, build_model, fit
from rcnn_sweep.training.runtime import device, seed_everything
from rcnn_sweep.training.terminal import EpochProgress, closing_lines

log = logging.getLogger(__name__)


def perform(
    config: Config, dataset: Dataset, overrides: Sequence[str], writer: RunWriter
) -> dict[str, float]:
    """Do the experiment; give its final metrics under their recorded names."""
    started = time.perf_counter()
    _describe(config, dataset, overrides, writer)
    seed_everything(config.training.seed, deterministic=config.training.deterministic)
    model = build_model(config, classes=len(dataset.label_names))
    _show_network(model, writer)
    history = _fit(model, config, dataset, writer)
    evaluation = evaluate(history.probabilities, dataset.validation.labels, dataset.label_names)
    if dataset.test is not None:
        _keep_predictions(history.probabilities, dataset, writer)
    _keep(model, config, dataset, writer)
    _show_evaluation(evaluation, history, writer)
    measured = {
        "parameters": float(model.count_params()),
        "fit_seconds": history.seconds,
        "total_seconds": time.perf_counter() - started,
    }
    metrics = _final_metrics(evaluation, dataset, measured)
    writer.metrics(metrics, step=len(history.epochs))
    closing = closing_lines(_judged_split(dataset), evaluation)
    writer.describe(closing)
    log.info("%s", closing)
    return {**history.epochs[-1], **metrics}


def _describe(
    config: Config, dataset: Dataset, overrides: Sequence[str], writer: RunWriter
) -> None:
    writer.params(flat(config))
    writer.tags({Tag.DATA_SHA256: dataset.sha256, Tag.DEVICE: device()})
    if dataset.fallback_reason:
        writer.tags({Tag.DATA_FALLBACK: dataset.fallback_reason})
    writer.text(Artifact.RESOLVED_CONFIG, to_yaml(config))
    writer.text(Artifact.OVERRIDES, OmegaConf.to_yaml(list(overrides)))
    writer.json(Artifact.ENVIRONMENT, {**environment(), "device": device()})
    rows = {"train": len(dataset.train), _judged_split(dataset): len(dataset.validation)}
    writer.dataset(
        name=dataset.config.name,
        source=dataset.source,
        sha256=dataset.sha256,
        context=" and ".join(rows),
        profile={"rows": rows, "labels": list(dataset.label_names), "notes": list(dataset.notes)},
    )


def _judged_split(dataset: Dataset) -> str:
    return "validation" if dataset.test is None else "test"


def _show_network(model: keras.Model, writer: RunWriter) -> None:
    writer.text(Artifact.SUMMARY, network.summary(model))
    with _artifact(Artifact.ARCHITECTURE, writer) as picture:
        if network.graphviz_found():
            network.draw_architecture(model, picture)
        else:
            log.info("Graphviz's dot is not installed: the architecture is drawn plainly instead.")
            figures.architecture(network.layer_shapes(model)).savefig(picture)


@contextmanager
def _artifact(path: str, writer: RunWriter) -> Iterator[Path]:
    """Lend a file to write to; it becomes the artifact ``path``."""
    folder, _, name = path.rpartition("/")
    with tempfile.TemporaryDirectory() as place:
        file = Path(place, name)
        yield file
        writer.file(folder, file)


def _fit(model: keras.Model, config: Config, dataset: Dataset, writer: RunWriter) -> History:
    batches = math.ceil(len(dataset.train) / config.training.batch_size)
    progress = EpochProgress(
        batches=batches,
        epochs=config.training.epochs,
        say=log.info,
        with_bar=current_trial() is None,
    )
    try:
        return fit(
            model,
            dataset.train,
            dataset.validation,
            config.training,
            on_epoch=lambda step, metrics: _tell(writer, step, metrics),
            callbacks=[progress],
        )
    finally:
        progress.stop()


def _tell(writer: RunWriter, step: int, metrics: Mapping[str, float]) -> None:
    """Record an epoch, then report it to the study, which may end the trial here."""
    writer.metrics(metrics, step=step)
    trial = current_trial()
    if trial is not None and trial.metrics[0] in metrics:
        report(step, metrics[trial.metrics[0]])
    else:
        checkpoint()


def _final_metrics(
    evaluation: Evaluation, dataset: Dataset, measured: Mapping[str, float]
) -> dict[str, float]:
    """Take the numbers of the end, from what was measured and what is known of the split.

    Where the run was judged on test, that is its validation split too.
    """
    splits = ("val",) if dataset.test is None else ("val", "test")
    judged = [metric for metric in final() if metric.split in splits]
    return {
        **{metric.name: evaluation.scores[metric.short] for metric in judged},
        **{metric.name: measured[metric.name] for metric in final() if metric.split is None},
    }


def _show_evaluation(evaluation: Evaluation, history: History, writer: RunWriter) -> None:
    matrix = {"labels": list(evaluation.labels), "matrix": evaluation.matrix.tolist()}
    writer.json(Artifact.CONFUSION, matrix)
    writer.json(Artifact.CLASSIFICATION_REPORT, evaluation.report)
    pictures = {Artifact.CONFUSION_PICTURE: False, Artifact.CONFUSION_NORMALIZED: True}
    for path, normalized in pictures.items():
        with _picture(path):
            figure = figures.confusion_matrix(
                evaluation.matrix, evaluation.labels, normalized=normalized
            )
            writer.figure(path, figure)
    with _picture(Artifact.LEARNING_CURVES):
        writer.figure(Artifact.LEARNING_CURVES, figures.draw_curves(history).figure())


@contextmanager
def _picture(path: str) -> Iterator[None]:
    """Go on without a picture that cannot be drawn; what cannot be written is another matter."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        log.warning("%s could not be drawn (%s: %s).", path, type(error).__name__, error)


def _keep_predictions(probabilities: np.ndarray, dataset: Dataset, writer: RunWriter) -> None:
    """Record what the model said of each test text: runs can then be compared text by text.

    ``probabilities`` float32 ``(n, classes)``, ``truth`` int32 ``(n,)``, ``rows`` int64 ``(n,)``
    (places in the stored test split), ``labels`` the classes' names. No pickles.
    """
    with _artifact(Artifact.PREDICTIONS, writer) as file:
        np.savez_compressed(
            file,
            probabilities=probabilities,
            truth=dataset.validation.labels,
            rows=dataset.validation.rows,
            labels=np.array(dataset.label_names),
        )


def _keep(model: keras.Model, config: Config, dataset: Dataset, writer: RunWriter) -> None:
    with _artifact(Artifact.WEIGHTS, writer) as weights:
        model.save_weights(weights)
    if not config.tracking.log_model:
        return
    if dataset.vocabulary is None:
        writer.tags({Tag.MODEL: "not logged: there is no word index"})
        return
    with tempfile.TemporaryDirectory() as package:
        rcnn_text_model.save(Path(package), model, dataset.vocabulary, dataset.label_names)
        log_text_model(writer, Path(package))
