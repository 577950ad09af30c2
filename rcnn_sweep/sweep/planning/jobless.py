"""What Hydra tells of a job, where a config is looked at and no job runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, open_dict, read_write

from rcnn_sweep.overrides import as_typed
from rcnn_sweep.process import without_password


@contextmanager
def outside_jobs(master: DictConfig) -> Iterator[None]:
    """Let ``${hydra:...}`` be resolved in the block, as if in job 0 in the working directory.

    Hydra knows these only while a job runs; hooks look at configs before. Workers inherit this
    from the driver with Hydra's other global state, which launchers write to disk: no password
    is in it.
    """
    copied = deepcopy(master)
    with read_write(copied), open_dict(copied):
        copied.hydra.job.id, copied.hydra.job.num = "0", 0
        copied.hydra.runtime.output_dir = str(Path.cwd())
        copied.hydra.sweeper.storage = None
        given = as_typed(copied.hydra.overrides.hydra)
        copied.hydra.overrides.hydra = [without_password(word) for word in given]
    state = HydraConfig.instance()
    before = state.cfg
    state.set_config(copied)
    try:
        yield
    finally:
        state.cfg = before
