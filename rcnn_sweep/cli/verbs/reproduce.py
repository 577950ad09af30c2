"""``reproduce``: train a recorded run again and compare every number."""

import logging
import sys
from collections.abc import Sequence

from rcnn_sweep.cli.verbs.arguments import Arguments

ABOUT = "Train a recorded run again from its record alone; exit code 0 when every number agrees."


def main(words: Sequence[str]) -> int:
    """Do ``reproduce RUN_ID``."""
    parser = Arguments("reproduce", ABOUT)
    parser.add_argument("run_id", metavar="RUN_ID")
    parser.add_argument("--data-path", metavar="FILE", help="where the data lies now")
    parser.add_argument("--vectors", metavar="FILE", help="where its word vectors lie now")
    parser.add_argument(
        "--tracking-uri", metavar="URI", help="default: MLFLOW_TRACKING_URI, else mlflow.db here"
    )
    given = parser.parse_args(words)
    logging.basicConfig(format="%(message)s", stream=sys.stdout)
    logging.getLogger("rcnn_sweep").setLevel(logging.INFO)
    from rcnn_sweep.reproduction import reproduce

    found = reproduce(
        given.run_id,
        tracking_uri=given.tracking_uri,
        data_path=given.data_path,
        vectors=given.vectors,
    )
    return 0 if found.agrees else 1
