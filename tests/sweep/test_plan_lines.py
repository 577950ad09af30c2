"""What a plan says of the baseline."""

from types import SimpleNamespace
from typing import Any

import pytest

from rcnn_sweep.sweep.console.lines import _baseline


@pytest.mark.parametrize(
    ("first", "told"),
    [
        ({0: {"x": 2}, 1: {"x": 1}}, "x=2 (trial 0)"),
        ({0: {"x": 1}, 1: {"x": 2}}, "x=2 (in its turn)"),
        ({}, "x=2 (if chosen)"),
    ],
    ids=["first", "a point of a grid", "a sampler's"],
)
def test_when_the_baseline_is_tried_is_told(first: dict[int, dict[str, int]], told: str) -> None:
    plan: Any = SimpleNamespace(baseline={"x": 2}, first=first)
    assert _baseline(plan) == told
