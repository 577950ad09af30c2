"""Which points are tried: spaces, samplers, infeasible, repetitions, several objectives."""

import re
import shlex
from collections import Counter

import pytest
from omegaconf import OmegaConf
from optuna.trial import TrialState

from .conftest import APP, Toy

ONE = ("hydra.sweeper.study_name=s", "hydra.sweeper.pruner.name=none", "hydra.sweeper.workers=1")
FINITE = ("x=choice(1,2,3)", "y=choice(1.0,2.0,3.0)")
INFINITE = ("x=interval(1.0,3.0)", "y=interval(0.0,1.0)")
HOOKS = "hydra.sweeper.hooks=toy_hooks.Hooks"


@pytest.mark.slow
def test_impossible_points_cost_no_trial_and_are_counted(toy: Toy) -> None:
    out = toy.run(*ONE, HOOKS, "hydra.sweeper.n_trials=10", "x=int(interval(1,20))")
    assert len(toy.trials()) == len(toy.trials(TrialState.COMPLETE)) == 10
    assert all(t.params["x"] <= 5 for t in toy.trials())
    rejected = sum(t.user_attrs.get("rejected", 0) for t in toy.trials())
    assert rejected and f"{rejected} impossible point(s) not tried" in out


@pytest.mark.slow
def test_sampler_that_the_command_names_is_used_on_comma_lists_too(toy: Toy) -> None:
    lists = ("hydra.sweeper.study_name=s", "x=1,2,3", "y=range(1,3)", "hydra.sweeper.n_trials=5",
             "hydra.sweeper.dry_run=true")  # fmt: skip
    out = toy.run(*lists, "hydra.sweeper.sampler.name=random")
    assert "sampler    random, pruner percentile" in out and "trials     5 in all" in out
    assert "sampler    grid, pruner none" in toy.run(*lists)


@pytest.mark.slow
def test_impossible_points_of_a_grid_are_left_out(toy: Toy) -> None:
    out = toy.run(*ONE, HOOKS, "x=4,5,6,7")
    assert [t.params["x"] for t in toy.trials()] == [4, 5]
    assert "2 impossible point(s) not tried" in out


@pytest.mark.slow
@pytest.mark.parametrize("space", ["x=7,8", "x=int(interval(7,9))", "x=interval(6.0,7.0)"])
def test_space_without_a_possible_point_is_a_mistake(toy: Toy, space: str) -> None:
    assert "x must be at most 5" in toy.run(*ONE, HOOKS, space, code=2)
    assert not toy.calls()


def test_impossible_baseline_is_a_mistake(toy: Toy) -> None:
    assert "x must be at most 5, received 9" in toy.run(*ONE, HOOKS, "x=9", code=2)


@pytest.mark.slow
def test_repeated_parameters_reuse_the_earlier_result(toy: Toy) -> None:
    space = ("x=choice(4,5)", "y=choice(1.0,2.0)", "hydra.sweeper.sampler.name=random")
    toy.run(*ONE, *space, "hydra.sweeper.n_trials=8")
    assert len(toy.trials(TrialState.COMPLETE)) == 8
    points = Counter((call[3], call[4]) for call in toy.calls())
    assert set(points.values()) == {1}
    for trial in toy.trials():
        if "duplicate_of" in trial.user_attrs:
            earlier = toy.trials()[trial.user_attrs["duplicate_of"]]
            assert earlier.params == trial.params and earlier.value == trial.value
    toy.run(*ONE, *space, "hydra.sweeper.n_trials=10", "hydra.sweeper.reuse_duplicates=false")
    assert len(toy.calls()) == len(points) + 2


@pytest.mark.slow
def test_pruned_trials_keep_their_intermediate_values_across_processes(toy: Toy) -> None:
    toy.run("hydra.sweeper.study_name=s", "hydra.sweeper.workers=2", "hydra.sweeper.n_trials=14",
            "hydra.sweeper.sampler.name=random", "hydra.sweeper.pruner.name=median",
            "+hydra.sweeper.pruner.kwargs.n_startup_trials=2")  # fmt: skip
    pruned = toy.trials(TrialState.PRUNED)
    assert pruned and all(1 <= len(t.intermediate_values) <= 4 for t in pruned)
    assert len({t.user_attrs["worker"] for t in toy.trials()}) == 2


@pytest.mark.slow
def test_several_objectives_give_a_pareto_front(toy: Toy) -> None:
    out = toy.run(*ONE, "hydra.sweeper.metric=[score,cost]", "y=interval(0.5,1.0)",
                  "x=int(interval(1,3))", "hydra.sweeper.direction=[maximize,minimize]",
                  "hydra.sweeper.n_trials=8", "hydra.sweeper.plots=true")  # fmt: skip
    assert len(toy.study().best_trials) == out.count("front trial")
    assert (toy.directory / "multirun" / "s" / "sweep" / "plots" / "pareto_front.png").exists()


def test_a_search_files_sampler_of_one_objective_gives_way_where_there_are_several(
    toy: Toy,
) -> None:
    several = ("hydra.sweeper.metric=[score,cost]", "hydra.sweeper.direction=[maximize,minimize]")
    plan = toy.run(*ONE, "+search=cmaes", *several, "hydra.sweeper.dry_run=true")
    assert "sampler    tpe" in plan


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["cmaes", "nsgaii", "qmc", "bruteforce", "random"])
def test_samplers_by_name(toy: Toy, sampler: str) -> None:
    toy.run(*ONE, f"hydra.sweeper.sampler.name={sampler}", "hydra.sweeper.n_trials=6",
            *(FINITE if sampler == "bruteforce" else INFINITE))  # fmt: skip
    assert len({tuple(t.params.values()) for t in toy.trials(TrialState.COMPLETE)}) == 6


@pytest.mark.slow
def test_one_worker_samples_the_same_points_again(toy: Toy) -> None:
    for name in ("s", "t"):
        toy.run(f"hydra.sweeper.study_name={name}", "hydra.sweeper.workers=1",
                "hydra.sweeper.n_trials=9",
                "+hydra.sweeper.sampler.kwargs.n_startup_trials=3")  # fmt: skip
    assert [t.params for t in toy.study("s").trials] == [t.params for t in toy.study("t").trials]


@pytest.mark.slow
def test_group_option_brings_its_own_parameters(toy: Toy) -> None:
    toy.run(*ONE, "hydra.sweeper.n_trials=10", "hydra.sweeper.sampler.name=random",
            "+search=shapes")  # fmt: skip
    for trial in toy.trials(TrialState.COMPLETE):
        assert ("shape.sides" in trial.params) == (trial.params["shape"] == "square")
    sides = {t.params["shape.sides"] for t in toy.trials() if "shape.sides" in t.params}
    assert sides <= {3, 4, 5}


@pytest.mark.slow
def test_dry_run_prints_the_plan_and_writes_nothing(toy: Toy) -> None:
    out = toy.run(*ONE, HOOKS, "hydra.sweeper.dry_run=true", "x=1,2,9")
    assert "impossible 1 of 3 points, e.g. x must be at most 5, received 9" in out
    assert "trials     2 in all" in out
    assert "unknown    the weather" in out
    assert {path.name for path in toy.directory.iterdir()} == {"hooks.txt"}


@pytest.mark.slow
def test_printed_command_runs_the_winner(toy: Toy) -> None:
    out = toy.run(*ONE, "hydra.sweeper.n_trials=6", "shape=square")
    best = toy.study().best_trial
    folder = toy.directory / "multirun" / "s"
    assert not (folder / "sweep" / "plots").exists(), "the toy's config says plots: false"
    (line,) = re.findall(r"best:      (.*)", out)
    assert line in (folder / "sweep" / "best.yaml").read_text()
    _, program, *words = shlex.split(line)
    assert program == str(APP) and words[0] == "shape=square"
    for again in (words, ["--config-dir", str(folder), "+sweep=best"]):
        toy.run(*again, mode=())
        assert toy.calls()[-1][3:] == [str(best.params["x"]), str(best.params["y"])]


@pytest.mark.slow
def test_best_config_is_the_winners_without_what_was_settled_here(toy: Toy) -> None:
    toy.run(*ONE, HOOKS, "hydra.sweeper.n_trials=2", "seconds=0.01")
    folder = toy.directory / "multirun" / "s"
    best = folder / "sweep" / "best.yaml"
    assert "# Settled for the sweep: steps=2" in best.read_text()
    number = toy.study().best_trial.number
    ran = OmegaConf.load(folder / str(number) / ".hydra" / "config.yaml")
    assert OmegaConf.load(best) == {**ran, "steps": 4}


@pytest.mark.slow
def test_mandatory_group_is_swept_and_its_winner_run(toy: Toy) -> None:
    chosen = ("--config-name", "open", *ONE, HOOKS)
    out = toy.run(*chosen, "hydra.sweeper.workers=1", "shape=round,square", "y=2.5")
    assert [t.params["shape"] for t in toy.trials(TrialState.COMPLETE)] == ["round", "square"]
    (line,) = re.findall(r"best:      (.*)", out)
    best = toy.study().best_params["shape"]
    assert line.endswith(f"toy.py --config-name open y=2.5 shape={best}")
    said = toy.run(*chosen, "x=1,2", code=2)
    assert "shape: expected one of round, square; received none" in said


@pytest.mark.slow
def test_plan_says_which_keys_the_command_took_out_of_the_space(toy: Toy) -> None:
    search = ("+search=shapes", "shape=square", "hydra.sweeper.n_trials=1", *ONE)
    plan = toy.run(*search, "hydra.sweeper.dry_run=true")
    assert "fixed      shape=square: not searched, since the command sets it" in plan
    assert "space      shape.sides: whole number from 3 to 5\n" in plan
    assert "space      shape:" not in plan
    assert "not searched, since the command sets it: shape=square" in toy.run(*search)


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), ("hydra.sweeper.dry_run=true",)])
def test_unknown_metric_is_a_mistake_before_anything_exists(
    toy: Toy, more: tuple[str, ...]
) -> None:
    out = toy.run(*ONE, HOOKS, "hydra.sweeper.metric=scrore", *more, code=2)
    assert "expected one of score, cost, threads; received 'scrore'. Did you mean score?" in out
    assert not list(toy.directory.iterdir())


@pytest.mark.slow
def test_metric_known_only_at_the_end_is_said_to_rule_out_pruning(toy: Toy) -> None:
    metric = ("hydra.sweeper.metric=cost", "hydra.sweeper.n_trials=2")
    pruned = ("hydra.sweeper.study_name=s", "hydra.sweeper.workers=1", HOOKS)
    plan = toy.run(*pruned, *metric, "hydra.sweeper.dry_run=true")
    assert "pruner none" in plan
    assert "pruning    none: cost is known only at a trial's end" in plan
    assert "trials are not pruned: cost is known only" in toy.run(*pruned, *metric)


def test_plan_says_that_workers_are_replaced(toy: Toy) -> None:
    dry = ("hydra.sweeper.dry_run=true", "hydra.sweeper.max_trials_per_worker=2")
    assert "workers    1 worker process, replaced after 2 trials" in toy.run(*ONE, *dry)


@pytest.mark.slow
def test_workers_are_replaced_after_max_trials(toy: Toy) -> None:
    toy.run(*ONE, "hydra.sweeper.max_trials_per_worker=2", "hydra.sweeper.n_trials=5",
            "hydra.sweeper.reuse_duplicates=false")  # fmt: skip
    assert sorted(Counter(call[1] for call in toy.calls()).values()) == [1, 2, 2]
    logs = list((toy.directory / "multirun" / "s" / "workers").iterdir())
    assert len(logs) == 3 and not any("Fatal" in log.read_text() for log in logs)


@pytest.mark.slow
def test_hooks_open_once_close_and_lend_the_parent(toy: Toy) -> None:
    command = (*ONE, HOOKS, "hydra.sweeper.n_trials=2", "hydra.sweeper.plots=true")
    toy.run(*command)
    toy.run(*command)
    log = (toy.directory / "hooks.txt").read_text().splitlines()
    assert log[0] == "prepare False" and log[1] == "open s null"
    assert log[2].startswith("close parent-1 complete best.yaml plots trials.csv")
    assert log[4] == 'open s {"run_id": "parent-1"}'
    assert {t.user_attrs["parent"] for t in toy.trials()} == {"parent-1"}
    assert all(len(t.intermediate_values) == 2 for t in toy.trials()), "prepare's override"


@pytest.mark.slow
def test_recorded_result_of_a_dead_process_is_told_not_trained_again(toy: Toy) -> None:
    toy.run(*ONE, HOOKS, "fault=dies_after_recording", "hydra.sweeper.n_trials=2", code=-9)
    toy.run(*ONE, HOOKS, "fault=dies_after_recording", "hydra.sweeper.n_trials=2", code=-9)
    toy.run(*ONE, HOOKS, "fault=dies_after_recording", "hydra.sweeper.n_trials=2")
    assert [t.state.name for t in toy.trials()] == ["COMPLETE", "COMPLETE"]
    assert all(t.user_attrs["recovered"] for t in toy.trials())
    assert [call[0] for call in toy.calls()] == ["0", "1"]


@pytest.mark.slow
def test_orphan_is_marked_in_the_applications_record(toy: Toy) -> None:
    toy.run(*ONE, HOOKS, "fault=suicide_once", "hydra.sweeper.n_trials=1", code=-9)
    toy.run(*ONE, HOOKS, "fault=suicide_once", "hydra.sweeper.n_trials=1")
    assert "orphan run-0 its process died" in (toy.directory / "hooks.txt").read_text()
    assert [t.state.name for t in toy.trials()] == ["FAIL", "COMPLETE"]
