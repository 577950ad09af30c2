"""Train and evaluate one config on one dataset, and write all of it into a record."""

import logging
import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
from omegaconf import OmegaConf

from rcnn_sweep import network, rcnn_text_model
from rcnn_sweep.config import Config, flat, to_yaml
from rcnn_sweep.data import Dataset
from rcnn_sweep.names import Artifact, Tag
from rcnn_sweep.sweep import checkpoint, current_trial, report
from rcnn_sweep.tracking import RunWriter, environment, log_text_model
from rcnn_sweep.training import figures
from rcnn_sweep.training.evaluation import Evaluation, evaluate
from rcnn_sweep.training.fitting import History, build_model, fit, predict
from rcnn_sweep.training.runtime import device, seed_everything
from rcnn_sweep.training.terminal import EpochProgress, closing_lines

log = logging.getLogger(__name__)

WEIGHTS = "rcnn.weights.h5"
ARCHITECTURE = "architecture.svg"
PREDICTIONS = "predictions.npz"


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
    probabilities = predict(model, dataset.validation)
    evaluation = evaluate(probabilities, dataset.validation.labels, dataset.label_names)
    _show_evaluation(evaluation, history, writer)
    if dataset.test is not None:
        _keep_predictions(probabilities, dataset, writer)
    _keep(model, config, dataset, writer)
    metrics = {
        **_final_metrics(evaluation, dataset),
        "parameters": float(model.count_params()),
        "fit_seconds": history.seconds,
        "total_seconds": time.perf_counter() - started,
    }
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
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder, ARCHITECTURE)
        if network.graphviz_found():
            network.draw_architecture(model, picture)
        else:
            log.info("Graphviz's dot is not installed: the architecture is drawn plainly instead.")
            figures.architecture(network.layer_shapes(model)).savefig(picture)
        writer.file("model", picture)


def _fit(model: keras.Model, config: Config, dataset: Dataset, writer: RunWriter) -> History:
    batches = math.ceil(len(dataset.train) / config.training.batch_size)
    progress = EpochProgress(batches=batches, epochs=config.training.epochs, say=log.info)
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


def _final_metrics(evaluation: Evaluation, dataset: Dataset) -> dict[str, float]:
    metrics = evaluation.metrics("val", "f1_macro", "f1_micro")
    if dataset.test is not None:
        metrics |= evaluation.metrics("test", "loss", "accuracy", "f1_macro", "f1_micro", "roc_auc")
    return metrics


def _show_evaluation(evaluation: Evaluation, history: History, writer: RunWriter) -> None:
    for name, normalized in (("confusion_matrix", False), ("confusion_matrix_normalized", True)):
        figure = figures.confusion_matrix(
            evaluation.matrix, evaluation.labels, normalized=normalized
        )
        writer.figure(f"evaluation/{name}.png", figure)
    matrix = {"labels": list(evaluation.labels), "matrix": evaluation.matrix.tolist()}
    writer.json(Artifact.CONFUSION, matrix)
    writer.json(Artifact.CLASSIFICATION_REPORT, evaluation.report)
    writer.figure(Artifact.LEARNING_CURVES, figures.learning_curves(history))


def _keep_predictions(probabilities: np.ndarray, dataset: Dataset, writer: RunWriter) -> None:
    """Record what the model said of each test text: runs can then be compared text by text.

    ``probabilities`` float32 ``(n, classes)``, ``truth`` int32 ``(n,)``, ``rows`` int64 ``(n,)``
    (places in the stored test split), ``labels`` the classes' names. No pickles.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, PREDICTIONS)
        np.savez_compressed(
            file,
            probabilities=probabilities,
            truth=dataset.validation.labels,
            rows=dataset.validation.rows,
            labels=np.array(dataset.label_names),
        )
        writer.file("evaluation", file)


def _keep(model: keras.Model, config: Config, dataset: Dataset, writer: RunWriter) -> None:
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder, WEIGHTS)
        model.save_weights(weights)
        writer.file("weights", weights)
        if not config.tracking.log_model:
            return
        if dataset.vocabulary is None:
            writer.tags({Tag.MODEL: "not logged: there is no word index"})
            return
        package = Path(folder, "package")
        package.mkdir()
        rcnn_text_model.save(package, model, dataset.vocabulary, dataset.label_names)
        log_text_model(writer, package)
