"""Train and evaluate one config on one dataset, and write all of it into a record."""

import json
import logging
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import keras
import numpy as np
from omegaconf import OmegaConf

from rcnn_sweep import network, rcnn_text_model
from rcnn_sweep.config import Config, flat, to_yaml
from rcnn_sweep.data import Dataset, WordVectors, with_ngrams, word_vectors
from rcnn_sweep.metrics import final
from rcnn_sweep.names import Artifact, Tag
from rcnn_sweep.network import EmbeddingConfig
from rcnn_sweep.process import signals
from rcnn_sweep.sweep import checkpoint, current_trial, report
from rcnn_sweep.tracking import RunWriter, environment, log_text_model
from rcnn_sweep.training import figures
from rcnn_sweep.training.calibration import calibration
from rcnn_sweep.training.evaluation import Evaluation, evaluate
from rcnn_sweep.training.fitting import History, build_model, fit
from rcnn_sweep.training.mistakes import surest_mistakes
from rcnn_sweep.training.predictions import Predictions
from rcnn_sweep.training.ranking import ranking
from rcnn_sweep.training.runtime import device, seed_everything
from rcnn_sweep.training.terminal import EpochProgress, closing_lines

log = logging.getLogger(__name__)


def perform(
    config: Config, dataset: Dataset, overrides: Sequence[str], writer: RunWriter
) -> dict[str, float]:
    """Do the experiment; give its final metrics and those of the epoch that is kept, by name.

    Whatever ends it earlier is raised, after what the last whole epoch came to is recorded.
    """
    started = time.perf_counter()
    _describe(config, dataset, overrides, writer)
    vectors = _known_vectors(config.embedding, dataset, writer)
    dataset = _with_ngrams(config, dataset, writer)
    seed_everything(config.training.seed, deterministic=config.training.deterministic)
    model = build_model(
        config,
        classes=len(dataset.label_names),
        vectors=vectors,
        ngrams_known=0 if dataset.ngrams is None else dataset.ngrams.sizes.get("branch", 0),
    )
    _show_network(model, writer)
    history = History()
    try:
        _fit(model, config, dataset, writer, history)
        evaluation = _judge(model, dataset, history, writer)
        mistakes = surest_mistakes(history.probabilities, dataset)
        writer.json(Artifact.MISTAKES, {"mistakes": mistakes})
        if dataset.test is not None:
            _keep_predictions(history.probabilities, dataset, writer)
        if config.tracking.log_model:
            _log_model(model, config, dataset, writer)
        _say_kept(config, history)
        metrics = _end(model, dataset, history, evaluation, writer, started)
    except BaseException:
        if history.kept:
            _end_early(model, dataset, history, writer, started)
        raise
    return {**history.epochs[history.kept - 1], **metrics}


def _with_ngrams(config: Config, dataset: Dataset, writer: RunWriter) -> Dataset:
    read = with_ngrams(dataset, **network.ngram_uses(config))
    if read.ngrams is not None:
        writer.tags({Tag.NGRAMS: json.dumps(read.ngrams.sizes)})
    return read


def _end_early(
    model: keras.Model, dataset: Dataset, history: History, writer: RunWriter, started: float
) -> None:
    """Record a run that is pruned, stopped or fails as of its last whole epoch.

    What goes wrong here must not hide why it ends.
    """
    with signals.held():
        try:
            log.info("Ended early; recorded is what epoch %d came to.", history.kept)
            history.restore(model)
            evaluation = _judge(model, dataset, history, writer)
            _end(model, dataset, history, evaluation, writer, started)
        except Exception as error:
            log.warning("What came of epoch %d could not be recorded: %s", history.kept, error)


def _judge(model: keras.Model, dataset: Dataset, history: History, writer: RunWriter) -> Evaluation:
    """Evaluate the epoch that is kept, and record its weights."""
    evaluation = evaluate(history.probabilities, dataset.validation.labels, dataset.label_names)
    _keep_weights(model, writer)
    return evaluation


def _end(
    model: keras.Model,
    dataset: Dataset,
    history: History,
    evaluation: Evaluation,
    writer: RunWriter,
    started: float,
) -> dict[str, float]:
    """Record evaluation, curves and final metrics, which it gives.

    MLflow shows the metrics of the last epoch beside them. No picture comes before what is worth
    more: weights, predictions and model.
    """
    _show_evaluation(evaluation, history, writer)
    if history.kept != len(history.epochs):
        writer.tags({Tag.KEPT: json.dumps(history.epochs[history.kept - 1])})
    measured = {
        "best_epoch": float(history.best),
        "parameters": float(model.count_params()),
        "fit_seconds": history.seconds,
        "total_seconds": time.perf_counter() - started,
    }
    metrics = _final_metrics(evaluation, dataset, measured)
    writer.metrics(metrics)
    closing = closing_lines(_judged_split(dataset), evaluation)
    writer.describe(closing)
    log.info("%s", closing)
    return metrics


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


def _known_vectors(
    embedding: EmbeddingConfig, dataset: Dataset, writer: RunWriter
) -> WordVectors | None:
    """Read and record the vectors that words begin with; whoever called has read them once."""
    if embedding.vectors is None:
        return None
    found = word_vectors(embedding.vectors, embedding.output_dim, dataset.vocabulary)
    log.info("Word vectors: %s has %s.", embedding.vectors, found.coverage)
    writer.tags({Tag.VECTORS_SHA256: found.sha256, Tag.VECTORS_FOUND: found.coverage})
    return found


def _judged_split(dataset: Dataset) -> str:
    return "validation" if dataset.test is None else "test"


def _show_network(model: keras.Model, writer: RunWriter) -> None:
    writer.text(Artifact.SUMMARY, network.summary(model))
    with writer.artifact(Artifact.ARCHITECTURE) as picture:
        if not _drawn_by_graphviz(model, picture):
            figures.architecture(network.layer_rows(model)).save_svg(picture)


def _drawn_by_graphviz(model: keras.Model, picture: Path) -> bool:
    if not network.graphviz_found():
        log.info("Graphviz's dot is not installed: the architecture is drawn plainly instead.")
        return False
    try:
        network.draw_architecture(model, picture)
    except Exception as error:
        log.warning("Graphviz failed: the architecture is drawn plainly instead (%s).", error)
        return False
    return True


def _fit(
    model: keras.Model, config: Config, dataset: Dataset, writer: RunWriter, history: History
) -> None:
    progress = EpochProgress(
        epochs=config.training.epochs,
        say=log.info,
        with_bar=current_trial() is None,
    )
    try:
        fit(
            model,
            dataset.train,
            dataset.validation,
            config.training,
            on_epoch=lambda step, metrics: _tell(
                writer, step, metrics, is_last=step == config.training.epochs
            ),
            callbacks=[progress],
            history=history,
        )
    finally:
        progress.stop()


def _say_kept(config: Config, history: History) -> None:
    training, done = config.training, len(history.epochs)
    if done < training.epochs:
        since = (done, training.monitor, history.best)
        log.info("Stopped after epoch %d: %s was best after epoch %d.", *since)
    if training.keep == "best":
        log.info("Kept is epoch %d, the best by %s.", history.kept, training.monitor)


def _tell(writer: RunWriter, step: int, metrics: Mapping[str, float], *, is_last: bool) -> None:
    """Record an epoch, then report it to the study, which may end the trial here."""
    writer.metrics(metrics, step=step)
    trial = current_trial()
    if trial is not None and trial.metrics[0] in metrics:
        report(step, metrics[trial.metrics[0]], is_last=is_last)
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
    sure = calibration(history.probabilities, evaluation.truth)
    writer.json(Artifact.CALIBRATION, sure)
    ranked = ranking(history.probabilities, evaluation.truth, evaluation.labels)
    writer.json(Artifact.RANKING, ranked)
    counts, labels = evaluation.matrix, evaluation.labels
    pictures = {
        Artifact.CONFUSION_PICTURE: partial(figures.confusion_matrix, counts, labels, False),
        Artifact.CONFUSION_NORMALIZED: partial(figures.confusion_matrix, counts, labels, True),
        Artifact.LEARNING_CURVES: partial(figures.draw_curves, history),
        Artifact.RELIABILITY: partial(figures.reliability, sure),
    }
    if ranked["classes"] or ranked["micro"]:
        pictures[Artifact.ROC_CURVE] = partial(figures.roc, ranked)
        pictures[Artifact.PRECISION_RECALL_CURVE] = partial(figures.precision_recall, ranked)
    for path, draw in pictures.items():
        with _picture(path), writer.artifact(path) as file:
            draw().save_png(file)


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
    """Record what the model said of each test text: runs can then be compared text by text."""
    held, labels = dataset.validation, tuple(dataset.label_names)
    with writer.artifact(Artifact.PREDICTIONS) as file:
        Predictions(probabilities, held.labels, held.rows, labels).save(file)


def _keep_weights(model: keras.Model, writer: RunWriter) -> None:
    with writer.artifact(Artifact.WEIGHTS) as weights:
        model.save_weights(weights)


def _log_model(model: keras.Model, config: Config, dataset: Dataset, writer: RunWriter) -> None:
    if dataset.vocabulary is None:
        writer.tags({Tag.MODEL: "not logged: there is no word index"})
        return
    with tempfile.TemporaryDirectory() as package:
        folder = Path(package)
        rcnn_text_model.save(
            folder,
            model,
            dataset.vocabulary,
            dataset.label_names,
            config.training.bucket_width,
            dataset.ngrams,
        )
        if dataset.ngrams is not None:
            size = sum(path.stat().st_size for path in folder.iterdir())
            log.info("The logged model takes %.1f MB with its n-grams.", size / 1e6)
        log_text_model(writer, folder)
