"""A run's metrics as of the epoch whose network is its result."""

import json
from typing import Any

from rcnn_sweep.names import Tag


def metrics_of(run: Any) -> dict[str, float]:
    """Give the metrics of an MLflow run: final ones, and those of the epoch that was kept.

    MLflow itself gives the last epoch's, which with ``training.keep=best`` may be another.
    """
    kept = json.loads(run.data.tags.get(Tag.KEPT, "{}"))
    return {**run.data.metrics, **kept}
