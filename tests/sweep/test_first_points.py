"""The points that a search tries first: the baseline, those asked for, another study's best."""

import pytest
from optuna.trial import TrialState

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
