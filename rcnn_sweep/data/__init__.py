"""Data sources, from a configuration to memory-mapped splits of word ids."""

from rcnn_sweep.data.dataset import Dataset, load
from rcnn_sweep.data.sources import Found, expected_sha256, find
from rcnn_sweep.data.splits import Split
from rcnn_sweep.rcnn_text_model.text import Vocabulary

__all__ = ["Dataset", "Found", "Split", "Vocabulary", "expected_sha256", "find", "load"]
