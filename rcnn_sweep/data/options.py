"""The options that every data source has, and their rules."""

from collections.abc import Iterator
from dataclasses import dataclass

from rcnn_sweep import rules

# Ids 0 to 3 are padding, start, out of vocabulary and Keras's unused one: fewer leave no word.
FEWEST_WORDS = 5
PROTOCOLS = ("test", "holdout")

SELECTION = frozenset({"validation", "validation_fraction", "train_limit", "test_limit"})
"""They say which of the encoded rows a run uses, not how a text becomes a row."""


@dataclass
class DataConfig:
    """What every data source has: ``num_words`` ids, rows of ``maxlen`` ids, two splits.

    A source's own options derive from it; their ``name`` is that of the source.
    """

    name: str = ""
    path: str | None = None
    num_words: int = 5000
    maxlen: int = 400
    validation: str = "test"
    validation_fraction: float = 0.2
    train_limit: int | None = None
    test_limit: int | None = None


def problems(data: DataConfig) -> Iterator[str]:
    """Say what is wrong with the options that every source has."""
    yield from rules.one_of("data.validation", data.validation, PROTOCOLS)
    yield from rules.at_least("data.num_words", data.num_words, FEWEST_WORDS)
    yield from rules.at_least("data.maxlen", data.maxlen, 1)
    yield from rules.at_least("data.train_limit", data.train_limit, 1)
    yield from rules.at_least("data.test_limit", data.test_limit, 1)
    yield from rules.fraction("data.validation_fraction", data.validation_fraction)
