"""Where the config files lie, and the typed configs that they build upon."""

from pathlib import Path

from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

from rcnn_sweep.config.refit import RefitConfig
from rcnn_sweep.config.schema import open_schema
from rcnn_sweep.data import SOURCES


def config_folder() -> Path:
    """Give the folder of the config groups: beside the package in a checkout, else inside it."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


def register_schemas() -> None:
    """Store the typed configs under the names that the files below ``conf/`` build upon."""
    store = ConfigStore.instance()
    store.store(name="schema", node=open_schema(), provider="rcnn_sweep")
    store.store(name="refit_schema", node=OmegaConf.structured(RefitConfig), provider="rcnn_sweep")
    for name, source in SOURCES.items():
        store.store(group="data", name=f"{name}_schema", node=source.options, provider="rcnn_sweep")
