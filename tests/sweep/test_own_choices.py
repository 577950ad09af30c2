"""Samplers and pruners: those by name are documented, and any class of Optuna's kind is taken."""

import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import optuna
import pytest
from optuna.search_space import IntersectionSearchSpace
from optuna.trial import TrialState

from hydra_plugins.hydra_optuna_async_sweeper.optuna_async_sweeper import PrunerConf, SamplerConf
from rcnn_sweep.sweep.samplers import (
    PRUNERS,
    SAMPLERS,
    Named,
    Samplers,
    make_pruner,
    make_sampler,
)

from .conftest import ROOT, Toy

BASE = ("hydra.sweeper.study_name=s", "hydra.sweeper.reuse_duplicates=false")
SPACE = ("x=int(interval(1,80))", "y=interval(0.0,1.0)")
SAMPLER, PRUNER = "hydra.sweeper.sampler", "hydra.sweeper.pruner"
NAMES = {"sampler": set(SAMPLERS), "pruner": set(PRUNERS)}


def names_in(text: str) -> set[str]:
    return set(re.findall(r"[a-z_]+", text))


def documented(path: str, pattern: str) -> set[str]:
    """Give the names on the line of ``path`` that matches, its groups joined."""
    found = re.search(pattern, (ROOT / path).read_text(), re.MULTILINE)
    assert found is not None
    return names_in(" ".join(found.groups()))


@pytest.mark.parametrize(("kind", "conf"), [("sampler", SamplerConf), ("pruner", PrunerConf)])
def test_what_is_documented_is_what_there_is(kind: str, conf: type) -> None:
    assert (
        documented("docs/sweeps.md", rf"`{kind}\.name=(\w+)` \| `([\w ]+)`, or the") == NAMES[kind]
    )
    helped = documented("conf/config.yaml", rf"{kind}\.name=(\w+)  or ([\w ]+), or a class$")
    assert helped == NAMES[kind]
    listed = re.match(r"``([\w ]+)``", str(conf.__doc__))
    assert listed is not None and names_in(listed[1]) == NAMES[kind]
    assert conf().name in NAMES[kind]


def test_each_row_makes_a_class_of_optuna() -> None:
    for name in set(SAMPLERS) - {"gp"}:
        assert type(make_sampler(Named(name), 1, 2)).__name__ == SAMPLERS[name].optuna
    for name in PRUNERS:
        kwargs = {"min_resource": 1} if name == "successive_halving" else {}
        assert type(make_pruner(Named(name, kwargs))).__name__ == PRUNERS[name].optuna
    assert all(row.about for row in [*SAMPLERS.values(), *PRUNERS.values()])


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_percentile_prunes_the_worst_quarter_of_earlier_trials(direction: str) -> None:
    sign = 1 if direction == "maximize" else -1
    study = optuna.create_study(direction=direction, pruner=make_pruner(Named("percentile")))
    for place in range(100):
        trial = study.ask()
        trial.report(sign * place, 1)
        study.tell(trial, sign * place)
    pruned = []
    for place in range(100):
        trial = study.ask()
        trial.report(sign * (place + 0.5), 1)
        pruned.append(trial.should_prune())
        study.tell(trial, state=TrialState.FAIL)
    assert pruned == [place < 25 for place in range(100)]


def test_cmaes_leaves_what_is_no_number_to_tpe() -> None:
    study = optuna.create_study()
    for number in range(40):
        study.sampler = make_sampler(Named("cmaes"), number, 0)
        trial = study.ask()
        loss = (trial.suggest_float("x", 0, 1) - 0.3) ** 2 + trial.suggest_float("y", 0, 1) ** 2
        letter = trial.suggest_categorical("letter", list("abcde"))
        study.tell(trial, loss + 0.1 * "abcde".index(letter))
    late = study.trials[20:]
    assert sum(trial.params["letter"] == "a" for trial in late) > 12, "uniform ones would be 4"
    assert sum(trial.params["y"] < 0.3 for trial in late) > 12, "uniform ones would be 6"


@pytest.mark.parametrize("name", ["tpe", "cmaes"])
def test_samplers_of_a_worker_share_what_they_read_and_find_the_same(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spaces = list[IntersectionSearchSpace]()
    calculate = IntersectionSearchSpace.calculate

    def noted(space: IntersectionSearchSpace, *args: Any, **kwargs: Any) -> Any:
        if not any(space is other for other in spaces):
            spaces.append(space)
        return calculate(space, *args, **kwargs)

    def points(make: Callable[[int], optuna.samplers.BaseSampler]) -> list[dict[str, Any]]:
        spaces.clear()
        study = optuna.create_study()
        for number in range(30):
            study.sampler = make(number)
            trial = study.ask()
            study.tell(trial, trial.suggest_float("x", 0, 1) + trial.suggest_float("y", 0, 1))
        return [trial.params for trial in study.trials]

    monkeypatch.setattr(IntersectionSearchSpace, "calculate", noted)
    alone = points(lambda seed: make_sampler(Named(name), seed, 0))
    assert len(spaces) >= 30
    assert points(Samplers(Named(name), 0).make) == alone
    assert len(spaces) == 1


@pytest.mark.slow
def test_own_sampler_is_seeded_and_repeats_itself_with_one_worker(toy: Toy) -> None:
    for name in ("s", "t"):
        toy.run(f"hydra.sweeper.study_name={name}", "hydra.sweeper.workers=1", *SPACE,
                f"{SAMPLER}.name=own_choices.Halves", f"+{SAMPLER}.kwargs.share=0.25",
                "hydra.sweeper.n_trials=6", "hydra.sweeper.baseline_first=false")  # fmt: skip
    points = [t.params for t in toy.study("s").trials]
    assert points == [t.params for t in toy.study("t").trials]
    assert len({point["y"] for point in points}) == 6, "each trial has a seed of its own"
    assert max(point["x"] for point in points) <= 20 and max(p["y"] for p in points) <= 0.25


@pytest.mark.slow
def test_own_classes_work_in_two_workers(toy: Toy) -> None:
    toy.run(*BASE, "hydra.sweeper.workers=2", f"{SAMPLER}.name=own_choices.Counting", *SPACE[:1],
            f"{PRUNER}.name=own_choices.AfterSteps", f"+{PRUNER}.kwargs.steps=2",
            "hydra.sweeper.n_trials=6", "hydra.sweeper.baseline_first=false",
            "seconds=0.5")  # fmt: skip
    assert [t.params["x"] for t in toy.trials()] == [1, 2, 3, 4, 5, 6]
    assert [len(t.intermediate_values) for t in toy.trials()] == [4, 2, 2, 2, 2, 2]
    assert len(toy.trials(TrialState.PRUNED)) == 5
    assert len({t.user_attrs["worker"] for t in toy.trials()}) == 2


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (f"{SAMPLER}.name=no.such.Class", "'no.such.Class': No module named 'no'"),
        (f"{SAMPLER}.name=own_choices.Nobody", "has no attribute 'Nobody'"),
        (f"{SAMPLER}.name=own_choices.NOT_A_CLASS", "'own_choices.NOT_A_CLASS', which is none"),
        (f"{SAMPLER}.name=own_choices.AfterSteps", "derived from optuna.samplers.BaseSampler"),
        (f"{PRUNER}.name=own_choices.Halves", "derived from optuna.pruners.BasePruner"),
        (f"{PRUNER}.name=own_choices.AfterSteps", "missing 1 required positional argument"),
        (f"{SAMPLER}.name=own_choices.Counting +{SAMPLER}.kwargs.seed=1", "'seed'"),
        (f"{SAMPLER}.name=tpee", "Did you mean tpe?"),
        (
            f"{SAMPLER}.name=cmaes hydra.sweeper.metric=[score,cost] "
            "hydra.sweeper.direction=[maximize,minimize]",
            "expected one objective; received score, cost",
        ),
        (f"{PRUNER}.name=a..b", "or the dotted name of an Optuna pruner class"),
    ],
)
def test_mistaken_class_is_told_in_a_line_before_anything_is_written(
    toy: Toy, option: str, said: str
) -> None:
    out = toy.run(*BASE, *option.split(), code=2)
    assert said in out and out.startswith(option.split("=")[0].rpartition(".")[0])
    assert len(out.splitlines()) == 1
    assert not list(toy.directory.iterdir())


@pytest.mark.slow
def test_own_sampler_that_fails_ends_the_sweep_as_a_mistake(toy: Toy) -> None:
    out = toy.run(*BASE, "hydra.sweeper.workers=1", f"{SAMPLER}.name=own_choices.Broken",
                  "hydra.sweeper.baseline_first=false", code=2)  # fmt: skip
    assert "expected a point from own_choices.Broken; it raised ValueError: no idea" in out
    (failed,) = toy.trials(TrialState.FAIL)
    assert failed.user_attrs["failure"] == "fatal"


KNOWN_OR_WRONG = """
import sys
from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep import read_options
from rcnn_sweep.sweep.samplers import read_choice

assert read_choice("sampler", {"name": "gp", "kwargs": {}}).name == "gp"
try:
    read_choice("pruner", {"name": "medain", "kwargs": {}})
except UserError as error:
    print(error)
assert "optuna" not in sys.modules
"""


def test_known_and_plainly_wrong_names_are_answered_without_optuna() -> None:
    done = subprocess.run(
        [sys.executable, "-c", KNOWN_OR_WRONG], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert "Did you mean median?" in done.stdout
