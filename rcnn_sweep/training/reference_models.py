"""The plain classifiers to measure the network by, a row each. Nothing of them is tuned.

scikit-learn is imported where a classifier is built: names and titles are for everybody.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

MOST_ITERATIONS = 1000
"""L-BFGS needs some 20 on IMDB; scikit-learn's own limit of 100 is close for small tables."""


@dataclass(frozen=True)
class ReferenceModel:
    """``build`` gives the unfitted classifier, which takes texts as lists of words.

    ``title`` names it in a sentence, ``about`` says what it is. ``version`` is to be raised with
    a change that changes what it reaches.
    """

    title: str
    about: str
    version: int
    build: "Callable[[], BaseEstimator]"


def tf_idf() -> "BaseEstimator":
    """Make TF-IDF of words and word pairs with a regression, the usual plain baseline.

    Term frequencies are on a logarithmic scale, 1 + log tf (Manning, Raghavan and Schuetze,
    *Introduction to Information Retrieval*, 2008, section 6.4.1), which is scikit-learn's
    ``sublinear_tf``; the regression is as scikit-learn sets it up (L2 penalty, C = 1, L-BFGS).
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    return make_pipeline(
        TfidfVectorizer(analyzer=grams, sublinear_tf=True),
        LogisticRegression(max_iter=MOST_ITERATIONS),
    )


def grams(words: list[str]) -> list[str]:
    """Give the words of a text and its pairs of neighbours.

    >>> grams(["a", "good", "film"])
    ['a', 'good', 'film', 'a good', 'good film']
    """
    return [*words, *(f"{one} {two}" for one, two in pairwise(words))]


def naive_bayes() -> "BaseEstimator":
    """Make a regression on n-grams that are weighted as naive Bayes weighs them.

    Wang and Manning, *Baselines and Bigrams*, ACL 2012, with a logistic regression and n-grams of
    1 to 3 words (Mesnil et al., ICLR 2015 workshop): presence of each n-gram that two texts have,
    times its log-count ratio (alpha 1); of more than two classes each against the rest.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline

    from rcnn_sweep.training.word_grams import LogCountRatio, WordGrams

    weighted = make_pipeline(LogCountRatio(), LogisticRegression(max_iter=MOST_ITERATIONS))
    return make_pipeline(WordGrams(order=3, min_count=2), OneVsRestClassifier(weighted))


REFERENCES: Mapping[str, ReferenceModel] = {
    "tf_idf": ReferenceModel(
        "TF-IDF with logistic regression",
        "scikit-learn's TfidfVectorizer of 1- and 2-grams (sublinear_tf) with LogisticRegression "
        "at its defaults (L2, C = 1, lbfgs)",
        1,
        tf_idf,
    ),
    "naive_bayes": ReferenceModel(
        "naive-Bayes n-grams with logistic regression",
        "presence of the 1- to 3-grams that two texts have, times their log-count ratio (alpha 1), "
        "with the same regression, after Wang and Manning, Baselines and Bigrams, ACL 2012",
        1,
        naive_bayes,
    ),
}
"""By the names under which they are recorded."""
