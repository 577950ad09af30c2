"""Plain classifiers trained and judged on the rows that the network sees, and kept."""

import json
import logging
import time
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal
from zipfile import BadZipFile

import numpy as np
import sklearn

from rcnn_sweep.data import (
    DataConfig,
    Dataset,
    Split,
    Texts,
    Words,
    cache_folder,
    full_texts,
    limit,
    load,
    source_of,
)
from rcnn_sweep.process import replacing
from rcnn_sweep.training.evaluation import Evaluation, evaluate
from rcnn_sweep.training.predictions import Predictions
from rcnn_sweep.training.reference_models import REFERENCES

Judged = Literal["validation", "test"]

MOST_WORDS = 12_000_000
"""Words that they are fitted on: all of IMDB's twice over, some GB of memory for their n-grams."""
LOOKED_AT = 1000
"""Texts by which the length of the others is told."""
BLOCK = 4096
"""Texts judged at once, so that a large split is never held as lists of words."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reference:
    """What the plain classifier ``name`` of :data:`REFERENCES` says of the texts of a split.

    ``sha256`` names the data. It was fitted on ``rows`` of the ``available`` training texts: all,
    or a stratified sample. ``seconds`` is the time to vectorise, fit and judge.
    """

    name: str
    predictions: Predictions
    sha256: str
    rows: int
    available: int
    seconds: float

    @cached_property
    def evaluation(self) -> Evaluation:
        """What it reaches."""
        held = self.predictions
        return evaluate(held.probabilities, held.truth, held.labels)


def train_references(config: DataConfig, judged: Judged) -> tuple[Reference, ...]:
    """Fit each reference on the rows that a run of ``config`` trains on, and judge it.

    "validation" fits on train without its holdout and judges on the holdout, as a sweep's trials
    do; "test" fits on all of train and judges on test, as a refit does. The texts are the full
    ones: no word is left out of the vocabulary and no text is cut. Of more than
    :data:`MOST_WORDS` a stratified sample is taken. Raises ``DataError`` where the data cannot be
    had; a reference that fails is left out, with a warning.

    What was reached once is kept in the data cache: the same rows, judged by the same code, give
    the same again, which takes seconds for IMDB's.
    """
    protocol = "holdout" if judged == "validation" else "test"
    dataset = load(replace(config, validation=protocol), say=_silent)
    files = {
        name: cache_folder() / "references" / f"{_key(dataset, name)}.npz" for name in REFERENCES
    }
    found = {name: _kept(name, file) for name, file in files.items()}
    if not all(found.values()):
        texts = full_texts(dataset.config)
        train = sampled(texts.train, dataset.train)
        for name in [name for name, known in found.items() if known is None]:
            found[name] = _trained(name, dataset, texts, train)
            if (made := found[name]) is not None:
                _keep(made, files[name])
    return tuple(reference for reference in found.values() if reference is not None)


def _key(dataset: Dataset, name: str) -> str:
    """Name the rows, in which order, and the code: what a reference depends on."""
    places = source_of(dataset.config).places
    options = {k: v for k, v in asdict(dataset.config).items() if k not in places}
    versions = {"scikit-learn": sklearn.__version__, "numpy": np.__version__}
    code = {"reference": name, "version": REFERENCES[name].version, **versions}
    parts = {"sha256": dataset.sha256, "options": options, **code}
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def _kept(name: str, file: Path) -> Reference | None:
    """Read a reference; None where there is none or its file is damaged."""
    try:
        told = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
        found = Reference(name, Predictions.load(file), **told)
        if found.evaluation.matrix.sum() != len(found.predictions.rows):
            raise ValueError("it does not judge each text")
        return found
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, IndexError, BadZipFile) as error:
        log.warning("%s is damaged (%s): the reference is trained again.", file, error)
        return None


def _keep(made: Reference, file: Path) -> None:
    told = {name: getattr(made, name) for name in ("sha256", "rows", "available", "seconds")}
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file) as whole:
            made.predictions.save(whole)
        with replacing(file.with_suffix(".json")) as whole:
            whole.write(json.dumps(told).encode())
    except OSError as error:
        log.warning("The reference could not be kept for the next report: %s", error)


def _trained(name: str, dataset: Dataset, texts: Texts, train: Split) -> Reference | None:
    """Fit and judge one; None where it fails, which must not cost the others anything."""
    started = time.perf_counter()
    held = dataset.validation
    try:
        model: Any = REFERENCES[name].build()
        model.fit([texts.train[row] for row in train.rows], train.labels)
        said = np.zeros((len(held), len(dataset.label_names)), np.float32)
        words = texts.train if dataset.test is None else texts.test
        for first in range(0, len(held), BLOCK):
            rows = held.rows[first : first + BLOCK]
            found = model.predict_proba([words[row] for row in rows])
            said[first : first + BLOCK, model.classes_] = found  # a class may have no train text
    except Exception as error:
        title, reason = REFERENCES[name].title, f"{type(error).__name__}: {error}"
        log.warning("There is no %s to measure by. %s", title, reason)
        return None
    seconds = time.perf_counter() - started
    predictions = Predictions(said, held.labels, held.rows, tuple(dataset.label_names))
    return Reference(name, predictions, dataset.sha256, len(train), len(dataset.train), seconds)


def sampled(texts: Words, split: Split) -> Split:
    """Give ``split``, or of one of more than :data:`MOST_WORDS` a part in its proportions.

    The length of its texts is told from :data:`LOOKED_AT` of them, spread over all.
    """
    looked_at = split.rows[:: max(len(split) // LOOKED_AT, 1)]
    length = float(np.mean([len(texts[row]) for row in looked_at]))
    count = max(int(MOST_WORDS / length), int(np.count_nonzero(np.bincount(split.labels))))
    return limit(split, count)


def _silent(message: Any) -> None:
    """Say nothing: the runs of the study have said it already."""
