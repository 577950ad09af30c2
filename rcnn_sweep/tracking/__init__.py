"""The one door to MLflow: a store to open, a record to write, and the facts about this machine."""

from rcnn_sweep.tracking.address import check_store, is_there, tracking_uri
from rcnn_sweep.tracking.provenance import environment
from rcnn_sweep.tracking.reading import Reader
from rcnn_sweep.tracking.store import Store, how_to_see

__all__ = [
    "Reader",
    "Store",
    "check_store",
    "environment",
    "how_to_see",
    "is_there",
    "tracking_uri",
]
