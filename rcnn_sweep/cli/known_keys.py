"""The keys that a command line may set, and the one nearest to a misspelt word."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from hydra.conf import HydraConf
from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig, OmegaConf

from rcnn_sweep.config import Config, flat
from rcnn_sweep.data import SOURCES


def nearest(word: str, known: Iterable[str]) -> str:
    """Give a question that names the word of ``known`` most like ``word``; empty without one."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" Did you mean {near[0]}?" if near else ""


def config_keys() -> list[str]:
    """Give the keys of the application's config, with those of every data source."""
    sources = (flat(Config(data=source.options())) for source in SOURCES.values())
    return list(dict.fromkeys(key for keys in sources for key in keys))


def hydra_keys() -> list[str]:
    """Give the keys below ``hydra``, those of the sweeper included."""
    sweeper = ConfigStore.instance().load("hydra/sweeper/optuna_async.yaml").node
    return [*_flat("hydra", OmegaConf.structured(HydraConf)), *_flat("hydra.sweeper", sweeper)]


def _flat(prefix: str, node: DictConfig) -> Iterator[str]:
    for key in map(str, node):
        inner = None if OmegaConf.is_missing(node, key) else node[key]
        yield f"{prefix}.{key}"
        if isinstance(inner, DictConfig):
            yield from _flat(f"{prefix}.{key}", inner)
