"""Importance is what leads to good values, whichever direction is good."""

import random
from pathlib import Path

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import create_trial

from rcnn_sweep.sweep.results.importance import importances


def study(folder: Path, direction: str, count: int = 40) -> str:
    """A study where ``strong`` decides near the best values and ``weak`` near the worst."""
    url = f"sqlite:///{folder}/studies.db"
    made = optuna.create_study(storage=url, study_name=direction, direction=direction)
    rng, sign = random.Random(0), 1 if direction == "maximize" else -1
    range_ = FloatDistribution(0, 1)
    for _ in range(count):
        strong, weak = rng.random(), rng.random()
        value = sign * (strong if strong > 0.5 else -10 * weak)
        params = {"strong": strong, "weak": weak, "only": 1.0}
        made.add_trial(
            create_trial(params=params, distributions=dict.fromkeys(params, range_), value=value)
        )
    return url


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_the_parameter_that_decides_comes_first(tmp_path: Path, direction: str) -> None:
    found = importances(direction, study(tmp_path, direction))
    assert list(found) == ["strong", "weak"]
    assert found["strong"] > 0.9
    assert sum(found.values()) == pytest.approx(1)


def test_few_trials_tell_nothing(tmp_path: Path) -> None:
    assert importances("maximize", study(tmp_path, "maximize", count=3)) == {}
