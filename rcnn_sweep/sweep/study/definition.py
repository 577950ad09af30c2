"""What a study is about: it must be the same for all commands that work on it."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from rcnn_sweep.errors import UserError
from rcnn_sweep.overrides import flattened
from rcnn_sweep.sweep.options import SweeperOptions
from rcnn_sweep.sweep.samplers import gives_every_point
from rcnn_sweep.sweep.space import Space

SHOWN = 8
"""Differences shown of a refused study."""


def record_of(options: SweeperOptions, space: Space, base: Mapping[str, Any]) -> dict[str, Any]:
    """Give a study's record; ``base`` is the base config as the hooks describe it."""
    record = {
        "space": space.describe(),
        "direction": list(options.directions),
        "metric": list(options.metrics),
        "seed": options.seed,
        "every_point": gives_every_point(options.sampler),
        "config": base,
    }
    stored: dict[str, Any] = json.loads(json.dumps(record, default=str))
    return stored


def fingerprint(record: Mapping[str, Any]) -> str:
    """Give eight hexadecimal digits that change with the record."""
    text = json.dumps(record, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Give a line for each entry that differs."""
    before, after = flattened(old), flattened(new)
    lines = []
    for name in {**before, **after}:
        one, other = (str(side.get(name, "(none)")) for side in (before, after))
        if one != other:  # as text: a NaN equals itself, and JSON knows no tuples
            lines.append(f"{name}: {one} -> {other}")
    return lines


def check_record(study_name: str, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
    """Raise :class:`UserError` with a short diff unless the study is about the same."""
    if old is None:
        raise UserError(
            f"study {study_name} was made by another program; give another hydra.sweeper.study_name"
        )
    changed = differences(old, new)
    if not changed:
        return
    more = [f"... and {len(changed) - SHOWN} more"] if len(changed) > SHOWN else []
    lines = "\n".join(f"  {line}" for line in [*changed[:SHOWN], *more])
    raise UserError(
        f"study {study_name} exists with another space, direction, data or config; to start a "
        f"new study add hydra.sweeper.study_name={study_name}-2. Differences:\n{lines}"
    )
