"""The recurrent convolutional network, a part a module.

Each part owns its options and their rules, what it makes of the steps that reach it, its weights,
and ``apply``, which builds its Keras layers on a symbolic tensor and gives theirs; :mod:`model`
connects the parts to a graph. Nothing imports Keras before a
network is built, so options are judged in milliseconds.

    >>> from rcnn_sweep.config import Config
    >>> list(refusals(Config(), num_words=5000, maxlen=3, batch_size=64))[0]
    'conv.kernel_size: expected at most data.maxlen=3 with conv.padding=valid; received 5 ...
"""

from rcnn_sweep.network.conv import ConvConfig
from rcnn_sweep.network.embedding import EmbeddingConfig
from rcnn_sweep.network.head import loss
from rcnn_sweep.network.model import Options, build, ngram_uses, problems, refusals, shortest
from rcnn_sweep.network.ngrams import NgramsConfig
from rcnn_sweep.network.optimizers import OPTIMIZERS, SCHEDULES, momentum, optimizer, schedule
from rcnn_sweep.network.picture import (
    LayerRow,
    draw_architecture,
    graphviz_found,
    layer_rows,
    summary,
)
from rcnn_sweep.network.pool import PoolConfig
from rcnn_sweep.network.recurrent import LstmConfig

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "ConvConfig",
    "EmbeddingConfig",
    "LayerRow",
    "LstmConfig",
    "NgramsConfig",
    "Options",
    "PoolConfig",
    "build",
    "draw_architecture",
    "graphviz_found",
    "layer_rows",
    "loss",
    "momentum",
    "ngram_uses",
    "optimizer",
    "problems",
    "refusals",
    "schedule",
    "shortest",
    "summary",
]
