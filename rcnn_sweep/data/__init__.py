"""Data sources, from a configuration to memory-mapped splits of word ids.

A new source is a module in :mod:`rcnn_sweep.data.sources` and a row in :data:`SOURCES`; the rest
of the program asks it what :class:`Source` can be asked.
"""

from typing import TYPE_CHECKING

from rcnn_sweep.data.files import Say, cache_folder
from rcnn_sweep.data.finding import expected_sha256, find
from rcnn_sweep.data.options import DataConfig
from rcnn_sweep.data.sources import (
    SOURCES,
    Found,
    ImdbConfig,
    SnippetsConfig,
    Source,
    StandIn,
    TableConfig,
    TextSource,
    problems,
    source_named,
    source_of,
)
from rcnn_sweep.lazy import lazy

if TYPE_CHECKING:
    from rcnn_sweep.data.corpus import Encoded, Labelled, Texts, Words
    from rcnn_sweep.data.dataset import Dataset, full_texts, load
    from rcnn_sweep.data.ngrams import NgramOptions, ngram_problems, with_ngrams
    from rcnn_sweep.data.parquet_file import open_parquet, validated
    from rcnn_sweep.data.splits import Split, limit
    from rcnn_sweep.data.vectors import WordVectors, vector_problems, vectors_sha256, word_vectors
    from rcnn_sweep.rcnn_text_model import Vocabulary

__all__ = [
    "SOURCES",
    "DataConfig",
    "Dataset",
    "Encoded",
    "Found",
    "ImdbConfig",
    "Labelled",
    "NgramOptions",
    "Say",
    "SnippetsConfig",
    "Source",
    "Split",
    "StandIn",
    "TableConfig",
    "TextSource",
    "Texts",
    "Vocabulary",
    "WordVectors",
    "Words",
    "cache_folder",
    "expected_sha256",
    "find",
    "full_texts",
    "limit",
    "load",
    "ngram_problems",
    "open_parquet",
    "problems",
    "source_named",
    "source_of",
    "validated",
    "vector_problems",
    "vectors_sha256",
    "with_ngrams",
    "word_vectors",
]

if not TYPE_CHECKING:
    __getattr__ = lazy(__name__)
