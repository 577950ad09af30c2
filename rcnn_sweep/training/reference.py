"""A plain classifier to measure the network by: TF-IDF of words and word pairs, and a regression.

That is the baseline of Wang and Manning, *Baselines and Bigrams*, ACL 2012, in its usual form:
unigrams and bigrams; term frequencies on a logarithmic scale, 1 + log tf (Manning, Raghavan and
Schuetze, *Introduction to Information Retrieval*, 2008, section 6.4.1), which is scikit-learn's
``sublinear_tf``; and logistic regression as scikit-learn sets it up (L2 penalty, C = 1, solver
L-BFGS). Nothing of it is tuned.
"""

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from rcnn_sweep.data import (
    DataConfig,
    Dataset,
    Split,
    Words,
    cache_folder,
    full_texts,
    limit,
    load,
    source_of,
)
from rcnn_sweep.process import write_whole
from rcnn_sweep.training.evaluation import Evaluation, evaluate

FORMAT = 2
"""To be raised with a change of this module that changes what the reference reaches."""
MOST_ITERATIONS = 1000
"""L-BFGS needs some 20 on IMDB; scikit-learn's own limit of 100 is close for small tables."""
MOST_WORDS = 12_000_000
"""Words that it is fitted on: all of IMDB's twice over, some GB of memory for their pairs."""
LOOKED_AT = 1000
"""Texts by which the length of the others is told."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reference:
    """What the plain classifier reaches. ``seconds`` is the time to vectorise, fit and judge.

    It was fitted on ``rows`` of the ``available`` training texts: all, or a stratified sample.
    """

    evaluation: Evaluation
    sha256: str
    rows: int
    available: int
    seconds: float


def train_reference(config: DataConfig, judged: Literal["validation", "test"]) -> Reference:
    """Fit the reference on the rows that a run of ``config`` trains on, and judge it.

    "validation" fits on train without its holdout and judges on the holdout, as a sweep's trials
    do; "test" fits on all of train and judges on test, as a refit does. The texts are the full
    ones: no word is left out of the vocabulary and no text is cut. Of more than
    :data:`MOST_WORDS` a stratified sample is taken. Raises ``DataError`` where the data cannot be
    had.

    What was reached once is kept in the data cache: the same rows, judged by the same code, give
    the same again, which takes half a minute for IMDB's.
    """
    protocol = "holdout" if judged == "validation" else "test"
    dataset = load(replace(config, validation=protocol), say=_silent)
    file = cache_folder() / "references" / f"{_key(dataset)}.json"
    if (known := _kept(file)) is not None:
        return known
    found = _trained(dataset)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, json.dumps(asdict(found), default=lambda value: value.tolist()))
    except OSError as error:
        log.warning("The reference could not be kept for the next report: %s", error)
    return found


def _key(dataset: Dataset) -> str:
    """Name the rows, in which order, and the code: what a reference depends on."""
    places = source_of(dataset.config).places
    options = {k: v for k, v in asdict(dataset.config).items() if k not in places}
    code = {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "format": FORMAT}
    parts = {"sha256": dataset.sha256, "options": options, **code}
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def _kept(file: Path) -> Reference | None:
    """Read a reference; None where there is none or its file is damaged."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        told = kept.pop("evaluation")
        labels, matrix = tuple(told.pop("labels")), np.array(told.pop("matrix"))
        return Reference(Evaluation(labels=labels, matrix=matrix, **told), **kept)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        log.warning("%s is damaged (%s): the reference is trained again.", file, error)
        return None


def _trained(dataset: Dataset) -> Reference:
    started = time.perf_counter()
    texts = full_texts(dataset.config)
    train = sampled(texts.train, dataset.train)
    model = pipeline().fit(_words(texts.train, train), train.labels)
    held = texts.train if dataset.test is None else texts.test
    probabilities = model.predict_proba(_words(held, dataset.validation))
    evaluation = evaluate(probabilities, dataset.validation.labels, dataset.label_names)
    return Reference(
        evaluation=evaluation,
        sha256=dataset.sha256,
        rows=len(train),
        available=len(dataset.train),
        seconds=time.perf_counter() - started,
    )


def sampled(texts: Words, split: Split) -> Split:
    """Give ``split``, or of one of more than :data:`MOST_WORDS` a part in its proportions.

    The length of its texts is told from :data:`LOOKED_AT` of them, spread over all.
    """
    looked_at = split.rows[:: max(len(split) // LOOKED_AT, 1)]
    length = float(np.mean([len(texts[row]) for row in looked_at]))
    count = max(int(MOST_WORDS / length), int(np.count_nonzero(np.bincount(split.labels))))
    return limit(split, count)


def pipeline() -> Pipeline:
    """Give the unfitted classifier; it takes texts as lists of words."""
    vectorizer = TfidfVectorizer(analyzer=grams, sublinear_tf=True)
    return Pipeline([("tfidf", vectorizer), ("lr", LogisticRegression(max_iter=MOST_ITERATIONS))])


def grams(words: list[str]) -> list[str]:
    """Give the words of a text and its pairs of neighbours.

    >>> grams(["a", "good", "film"])
    ['a', 'good', 'film', 'a good', 'good film']
    """
    return [*words, *(f"{one} {two}" for one, two in pairwise(words))]


def _words(texts: Words, split: Split) -> Iterator[list[str]]:
    """Give the words of a split's texts, one text at a time."""
    return (texts[row] for row in split.rows)


def _silent(message: Any) -> None:
    """Say nothing: the runs of the study have said it already."""
