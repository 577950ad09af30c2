"""Whether the data has the n-grams that a config asks for."""

from rcnn_sweep.config import Config
from rcnn_sweep.data import Dataset, ngram_problems
from rcnn_sweep.errors import UserError
from rcnn_sweep.network import ngram_uses


def check_ngrams(config: Config, dataset: Dataset) -> None:
    """Raise :class:`UserError` where the n-grams that ``config`` asks for cannot be had."""
    for options in ngram_uses(config).values():
        group = "embedding" if options is config.embedding else "ngrams"
        for reason in ngram_problems(dataset, group, options):
            raise UserError(reason)
