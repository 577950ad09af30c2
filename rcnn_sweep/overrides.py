r"""Keys and values as Hydra's command line has them.

>>> override("data.path", "it's here")
"data.path='it\\'s here'"
>>> flattened({"conv": {"filters": 64}, "seed": 0})
{'conv.filters': 64, 'seed': 0}
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from omegaconf import OmegaConf

NO_JOBLIB = (
    "hydra/launcher: expected none for processes of this machine; received 'joblib'. Leave it "
    "out: hydra.sweeper.workers=N starts local processes."
)
"""The answer to a launcher that would start what the driver starts itself, and watches better."""


def quoted(text: str) -> str:
    """Write ``text`` as a value in Hydra's override grammar, whatever is in it.

    In quotes the grammar takes all characters as they are, but for a quote, and for backslashes
    that come right before one.
    """
    doubled = re.sub(r"\\+(?='|$)", lambda found: 2 * found[0], text)
    return "'" + doubled.replace("'", "\\'") + "'"


def override(key: str, text: str) -> str:
    """Write the override that sets ``key`` to ``text``."""
    return f"{key}={quoted(text)}"


def as_typed(node: Iterable[str]) -> list[str]:
    """List the overrides that a composed config holds as they were typed.

    Iterating over ``hydra.overrides`` itself would resolve what they interpolate.
    """
    return cast(list[str], OmegaConf.to_container(node, resolve=False))


def flattened(nested: Mapping[str, Any]) -> dict[str, Any]:
    """List nested values under their dotted keys; an empty mapping is a value."""
    return dict(_leaves(nested, ""))


def _leaves(nested: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in nested.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{name}.")
        else:
            yield name, value
