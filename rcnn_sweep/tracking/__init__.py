"""The one door to MLflow: stores, runs to write and to read, models, provenance."""

import os
from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy
from rcnn_sweep.tracking.address import check_store, is_there, tracking_uri
from rcnn_sweep.tracking.database import RUNNING
from rcnn_sweep.tracking.models import ALIAS, CHAMPION, MODEL, Answers, TextModel
from rcnn_sweep.tracking.provenance import environment, source_tags, version_of
from rcnn_sweep.tracking.reader import RunReader, RunSnapshot, left_running
from rcnn_sweep.tracking.store import Store, how_to_see, run_page

if TYPE_CHECKING:
    from rcnn_sweep.tracking.machine import system_metrics
    from rcnn_sweep.tracking.model_logging import log_text_model
    from rcnn_sweep.tracking.registry import FORMER, Registry, Version
    from rcnn_sweep.tracking.writer import RunWriter

__all__ = [
    "ALIAS",
    "CHAMPION",
    "FORMER",
    "MODEL",
    "RUNNING",
    "Answers",
    "Registry",
    "RunReader",
    "RunSnapshot",
    "RunWriter",
    "Store",
    "TextModel",
    "Version",
    "check_store",
    "environment",
    "how_to_see",
    "is_there",
    "left_running",
    "log_text_model",
    "run_page",
    "source_tags",
    "system_metrics",
    "tracking_uri",
    "version_of",
]

# Before MLflow is imported. Nothing of a sweep is sent anywhere; and the thread that MLflow starts
# to ask for its telemetry's settings takes a variable out of os.environ at any time, which breaks
# the copy that another thread makes of it just then.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

if not TYPE_CHECKING:
    __getattr__ = lazy(__name__)
