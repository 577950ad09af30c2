"""The texts of the encoded rows as whole lists of words: nothing cut off, no word left out."""

from dataclasses import dataclass
from pathlib import Path

from rcnn_sweep.data.corpus import Labelled
from rcnn_sweep.data.options import DataConfig
from rcnn_sweep.data.sources import imdb, snippets, table
from rcnn_sweep.data.sources.imdb import ImdbConfig
from rcnn_sweep.data.sources.snippets import SnippetsConfig
from rcnn_sweep.data.sources.table import TableConfig
from rcnn_sweep.errors import DataError
from rcnn_sweep.rcnn_text_model import tokenise

Words = list[list[str]]


@dataclass(frozen=True)
class Texts:
    """Both splits; row i of a split here is row i of the split that the cache stores."""

    train: Words
    test: Words


def full_texts(config: DataConfig) -> Texts:
    """Give the words of every text of ``config``, whose ``path`` is settled.

    IMDB's archive has word ranks for words, so a rank's digits stand for the word; the others
    are split as the network's texts are. Raises ``DataError`` when the file is not fit.
    """
    path = Path(config.path or "")
    if isinstance(config, ImdbConfig):
        train, test = imdb.sequences(path)
        return Texts(_digits(train), _digits(test))
    if isinstance(config, SnippetsConfig):
        return _split(snippets.labelled(path, config))
    if isinstance(config, TableConfig):
        return _split(table.labelled(path, config))
    raise DataError(f"Expected data=imdb, snippets or table, received {config.name}.")


def _digits(rows: list[list[int]]) -> Words:
    return [list(map(str, row)) for row in rows]


def _split(corpus: Labelled) -> Texts:
    words = [tokenise(text) for text in corpus.texts]
    pairs = list(zip(words, corpus.is_test, strict=True))
    return Texts([row for row, test in pairs if not test], [row for row, test in pairs if test])
