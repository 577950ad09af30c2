"""The Hydra plugin of the sweep engine: ``hydra/sweeper=rcnn``."""
