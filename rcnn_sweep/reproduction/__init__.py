"""Train a recorded run again from its record alone, and say which numbers agree."""

from rcnn_sweep.reproduction.rerun import reproduce

__all__ = ["reproduce"]
