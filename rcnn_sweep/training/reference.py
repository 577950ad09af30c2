"""A plain classifier to measure the network by: TF-IDF of words and word pairs, and a regression.

That is the baseline of Wang and Manning, *Baselines and Bigrams*, ACL 2012, in its usual form:
unigrams and bigrams; term frequencies on a logarithmic scale, 1 + log tf (Manning, Raghavan and
Schuetze, *Introduction to Information Retrieval*, 2008, section 6.4.1), which is scikit-learn's
``sublinear_tf``; and logistic regression as scikit-learn sets it up (L2 penalty, C = 1, solver
L-BFGS). Nothing of it is tuned.
"""

import time
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from rcnn_sweep.data import DataConfig, Dataset, Split, Words, full_texts, load
from rcnn_sweep.training.evaluation import Evaluation, evaluate

MOST_ITERATIONS = 1000
"""L-BFGS needs some 20 on IMDB; scikit-learn's own limit of 100 is close for small tables."""


@dataclass(frozen=True)
class Reference:
    """What the plain classifier reaches. ``seconds`` is the time to vectorise, fit and judge."""

    evaluation: Evaluation
    sha256: str
    rows: int
    seconds: float


def train_reference(config: DataConfig, judged: Literal["validation", "test"]) -> Reference:
    """Fit the reference on the rows that a run of ``config`` trains on, and judge it.

    "validation" fits on train without its holdout and judges on the holdout, as a sweep's trials
    do; "test" fits on all of train and judges on test, as a refit does. The texts are the full
    ones: no word is left out of the vocabulary and no text is cut. Raises ``DataError`` where
    the data cannot be had.
    """
    started = time.perf_counter()
    protocol = "holdout" if judged == "validation" else "test"
    dataset = load(replace(config, validation=protocol), say=_silent)
    train, held = _words(dataset)
    model = pipeline().fit(train, dataset.train.labels)
    evaluation = evaluate(model.predict_proba(held), dataset.validation.labels, dataset.label_names)
    return Reference(evaluation, dataset.sha256, len(dataset.train), time.perf_counter() - started)


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


def _words(dataset: Dataset) -> tuple[Words, Words]:
    texts = full_texts(dataset.config)
    is_test = dataset.test is not None
    return _rows(texts.train, dataset.train), _rows(
        texts.test if is_test else texts.train, dataset.validation
    )


def _rows(texts: Words, split: Split) -> Words:
    return [texts[row] for row in split.rows]


def _silent(message: Any) -> None:
    """Say nothing: the runs of the study have said it already."""
