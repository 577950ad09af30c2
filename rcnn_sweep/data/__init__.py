"""Data sources, from a configuration to memory-mapped splits of word ids."""

from rcnn_sweep.data.dataset import Dataset, load
from rcnn_sweep.data.finding import expected_sha256, find, is_here, snippets_instead
from rcnn_sweep.data.splits import Split
from rcnn_sweep.data.words import Words, full_texts
from rcnn_sweep.rcnn_text_model import Vocabulary

__all__ = [
    "Dataset",
    "Split",
    "Vocabulary",
    "Words",
    "expected_sha256",
    "find",
    "full_texts",
    "is_here",
    "load",
    "snippets_instead",
]
