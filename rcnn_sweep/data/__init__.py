"""Data sources, from a configuration to memory-mapped splits of word ids."""

from typing import TYPE_CHECKING

from rcnn_sweep.data.options import DataConfig
from rcnn_sweep.data.sources import SOURCES, ImdbConfig, SnippetsConfig, TableConfig, problems
from rcnn_sweep.lazy import lazy

if TYPE_CHECKING:
    from rcnn_sweep.data.dataset import Dataset, load
    from rcnn_sweep.data.finding import expected_sha256, find, is_here, snippets_instead
    from rcnn_sweep.data.splits import Split
    from rcnn_sweep.data.words import Words, full_texts
    from rcnn_sweep.rcnn_text_model import Vocabulary

__all__ = [
    "SOURCES",
    "DataConfig",
    "Dataset",
    "ImdbConfig",
    "SnippetsConfig",
    "Split",
    "TableConfig",
    "Vocabulary",
    "Words",
    "expected_sha256",
    "find",
    "full_texts",
    "is_here",
    "load",
    "problems",
    "snippets_instead",
]

__getattr__ = lazy(__name__)
