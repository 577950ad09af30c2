"""The points that a search tries first: the baseline, those asked for, another study's best."""

from collections.abc import Mapping
from typing import Any

from rcnn_sweep.errors import UserError
from rcnn_sweep.overrides import flattened
from rcnn_sweep.rules import nearest
from rcnn_sweep.sweep.feasibility import FeasibilityCheck
from rcnn_sweep.sweep.findings import ranked
from rcnn_sweep.sweep.options import SweeperOptions
from rcnn_sweep.sweep.space import Params, Space, Value, encoded
from rcnn_sweep.sweep.study import read_study

WARM = 5
"""How many of another study's best points are tried."""


def first_points(
    options: SweeperOptions, space: Space, check: FeasibilityCheck, baseline: Params | None
) -> list[Params]:
    """Give the points of the first slots, each once; raises :class:`UserError`."""
    points = [baseline] if options.baseline_first and baseline is not None else []
    asked = (_enqueued(given, space, check) for given in options.enqueue)
    for point in [*asked, *_warm(options, space, check)]:
        if point not in points:
            points.append(point)
    return points


def _enqueued(given: Mapping[str, Any], space: Space, check: FeasibilityCheck) -> Params:
    """Give the baseline changed as asked; whole and possible, or a mistake."""
    chosen = {key: encoded(value) for key, value in flattened(given).items()}
    known = [parameter.key for parameter in space.parameters]
    for key in chosen:
        if key not in known:
            raise _mistake(f"keys of the space ({', '.join(known)})", f"{key}", nearest(key, known))
    point = _completed(chosen, space, check)
    if unused := sorted(chosen.keys() - point.keys()):
        raise _mistake("keys that go together", f"{given}, in which {unused[0]} has no meaning")
    if not space.contains(point):
        raise _mistake(f"a point within {space.describe()}", f"{point}")
    if (reason := check.reason(point)) is not None:
        raise _mistake("a possible point", f"{point}: {reason.splitlines()[0]}")
    return point


def _completed(chosen: Mapping[str, Value], space: Space, check: FeasibilityCheck) -> Params:
    """Give the point with what it leaves open as the composed config has it."""
    groups = {key: value for key, value in chosen.items() if check.composer.is_group(key)}
    return space.walk(
        lambda key, _: chosen[key] if key in chosen else check.composer.value(key, groups)
    )


def _mistake(expected: str, received: str, hint: str = "") -> UserError:
    return UserError(f"hydra.sweeper.enqueue: expected {expected}; received {received}.{hint}")


def _warm(options: SweeperOptions, space: Space, check: FeasibilityCheck) -> list[Params]:
    if options.warm_start is None:
        return []
    study = read_study(options.warm_start, options.storage)
    points: list[Params] = []
    for found in ranked(study.trials, study.directions[0]):
        point = _completed(found.params, space, check)
        is_here = found.params.keys() <= point.keys() and space.contains(point)
        if is_here and point not in points and check.reason(point) is None:
            points.append(point)
    if not points:
        raise UserError(
            f"hydra.sweeper.warm_start: expected a study with points of this space; "
            f"{options.warm_start} has none of its {len(study.trials)} trials in it."
        )
    return points[:WARM]
