"""The runs of a refit as points of its study: one for each candidate and seed."""

from collections.abc import Iterable, Mapping

from rcnn_sweep.config import RefitConfig
from rcnn_sweep.sweep import Params


def wanted(config: RefitConfig) -> list[Params]:
    """Give the pairs, seed by seed: cut short, a refit has whole pairs to compare."""
    return [
        {"trial": candidate.trial, "seed": seed}
        for seed in range(config.seeds)
        for candidate in config.candidates
    ]


def slotted(points: Iterable[Params], tried: Mapping[int, Params]) -> dict[int, Params]:
    """Give each point the slot it has in ``tried``, else the next new one, in the slots' order."""
    slots = {frozenset(point.items()): slot for slot, point in sorted(tried.items())}
    free = max(tried, default=-1) + 1
    found: dict[int, Params] = {}
    for point in points:
        slot = slots.get(frozenset(point.items()))
        if slot is None:
            slot, free = free, free + 1
        found[slot] = dict(point)
    return dict(sorted(found.items()))
