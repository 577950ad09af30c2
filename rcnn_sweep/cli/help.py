"""``--help``: the groups, their options and the config, told from the files below ``conf/``."""

import sys
from collections.abc import Iterator
from pathlib import Path
from string import Template
from textwrap import wrap

from omegaconf import DictConfig, OmegaConf, open_dict

from rcnn_sweep.api import compose_job
from rcnn_sweep.config import config_folder
from rcnn_sweep.process import command

SEARCH = "search"
"""The group that a sweep's space is chosen from; it is told apart from a run's groups."""

WIDTH = 25


def show_help() -> None:
    """Print the app's help with the config as composed.

    Hydra's own takes twice as long: it lists the options of every group of its own, too.
    """
    overrides = [word for word in sys.argv[1:] if not word.startswith("-")]
    composed = compose_job("config", overrides, with_hydra=True)
    template = Template(composed.hydra.help.template)
    sweeper = "\n".join(sweeper_lines(composed.hydra.sweeper))
    with open_dict(composed):
        del composed["hydra"]
    told = template.safe_substitute(
        GROUPS="\n".join(group_lines(composed)),
        SEARCHES="\n".join(option_lines(SEARCH)),
        SWEEPER=sweeper,
        CONFIG=OmegaConf.to_yaml(composed),
    )
    print(told.replace("python -m rcnn_sweep", command()))


def group_lines(composed: DictConfig) -> Iterator[str]:
    """Tell each group with its keys and options, in the order of the config, then the others."""
    folders = [path.name for path in sorted(config_folder().iterdir()) if path.is_dir()]
    ordered = [name for name in map(str, composed) if name in folders]
    others = [name for name in folders if name not in (*ordered, SEARCH, "hydra")]
    for name in [*ordered, *others]:
        keys = composed.get(name) or {}
        yield f"  {name}: {' '.join(map(str, keys))}".rstrip(" :")
        yield from (f"  {line}" for line in option_lines(name))


def option_lines(group: str) -> Iterator[str]:
    """Tell each option of a group, ``conv=strided``, with the first sentence of its file."""
    for file in sorted((config_folder() / group).glob("*.yaml")):
        yield f"  {f'{group}={file.stem}':{WIDTH}} {about(file)}"


def about(file: Path) -> str:
    """Give the first comment of a config file that is no directive of Hydra's."""
    lines = file.read_text(encoding="utf-8").splitlines()
    comments = (line.removeprefix("#").strip() for line in lines if line.startswith("#"))
    return next((text for text in comments if not text.startswith("@package")), "")


def sweeper_lines(options: DictConfig) -> Iterator[str]:
    """Tell the sweeper's options, dotted below samplers and pruners, in lines of equal indent."""
    keys = [key for key in map(str, options) if key not in ("_target_", "space", "hooks")]
    first = "  hydra.sweeper.KEY=VALUE".ljust(WIDTH + 2)
    for place, line in enumerate(wrap(" ".join(keys), 100 - len(first))):
        yield f"{' ' * len(first) if place else first} {line}"
