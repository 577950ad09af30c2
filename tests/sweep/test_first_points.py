"""The points that a search tries first: the baseline, those asked for, another study's best."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from optuna.distributions import IntDistribution
from optuna.trial import TrialState

from rcnn_sweep.sweep.findings import ranked
from rcnn_sweep.sweep.planning.first_points import first_points
from rcnn_sweep.sweep.space.space import Parameter, Space

from .conftest import Toy

ONE = ("hydra.sweeper.workers=1", "hydra.sweeper.pruner.name=none")


@pytest.mark.slow
def test_points_asked_for_come_after_the_baseline_then_another_studys_best(toy: Toy) -> None:
    """The score is 0 - (x - 3)**2 - y: the first study's best has x=3."""
    toy.run(*ONE, "hydra.sweeper.study_name=first", "x=2,3,7", "y=1.0")
    out = toy.run(*ONE, "hydra.sweeper.study_name=s", "hydra.sweeper.n_trials=6",
                  "hydra.sweeper.enqueue=[{x: 8},{x: 4, y: 1.5}]",
                  "hydra.sweeper.warm_start=first", "x=int(interval(1,8))",
                  "y=interval(0.5,2.0)", "hydra.sweeper.sampler.name=random")  # fmt: skip
    assert "6 complete" in out
    points = [(t.params["x"], t.params["y"]) for t in toy.trials(TrialState.COMPLETE)]
    assert points[:6] == [(4, 1.0), (8, 1.0), (4, 1.5), (3, 1.0), (2, 1.0), (7, 1.0)]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["hydra.sweeper.enqueue=[{z: 8}]"], "expected keys of the space (x, y); received z"),
        (["hydra.sweeper.enqueue=[{x: 99}]"], "expected a point within"),
        (["hydra.sweeper.enqueue=[{x: 8}]", "hydra.sweeper.hooks=toy_hooks.Hooks"],
         "expected a possible point; received {'x': 8, 'y': 1.0}: x must be at most 5"),
        (["hydra.sweeper.enqueue=[3]"], "expected a list of points"),
        (["hydra.sweeper.warm_start=nowhere"], "expected a storage of studies, found no"),
    ],
)  # fmt: skip
def test_a_point_that_cannot_be_is_a_mistake(toy: Toy, words: list[str], answer: str) -> None:
    assert answer in toy.run(*ONE, *words, code=2)
    assert not toy.calls() and not (toy.directory / "studies.db").exists()
    log = toy.directory / "hooks.txt"
    assert not log.exists() or "prepare" not in log.read_text(), (
        "told before the data is looked for"
    )


def test_of_points_that_were_run_again_the_best_estimate_comes_first_and_five_are_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def trial(number: int, x: int, value: float, confirms: int | None = None) -> SimpleNamespace:
        known = {"number": number, "state": "complete", "params": {"x": x}, "values": (value,)}
        return SimpleNamespace(**known, duplicate_of=None, confirms=confirms)

    again = [trial(8, 7, 0.4, confirms=7), trial(9, 6, 0.6, confirms=6)]  # x=7 had been lucky
    trials = [*(trial(x, x, x / 10) for x in range(8)), *again]
    study = SimpleNamespace(directions=("maximize",), trials=trials)
    monkeypatch.setattr("rcnn_sweep.sweep.planning.first_points.read_study", lambda *_: study)
    space = Space([Parameter("x", IntDistribution(0, 9))])
    check: Any = SimpleNamespace(
        composer=SimpleNamespace(is_group=lambda _: False), reason=lambda _: None
    )
    options: Any = SimpleNamespace(
        warm_start="first", storage=None, enqueue=(), baseline_first=True
    )
    found = [point["x"] for point in first_points(options, space, check, {"x": 9})]
    assert found == [9, *(one.params["x"] for one in ranked(cast(Any, trials), "maximize")[:5])]
    assert found[1] == 6
