"""One contract for every launcher: exact budget, no directory twice, a dead worker survived."""

import importlib.util
import os
import signal

import pytest
from optuna.trial import TrialState

from .conftest import Toy

BASE = ("hydra.sweeper.study_name=s", "hydra.sweeper.pruner.name=none", "hydra.sweeper.workers=2",
        "hydra.sweeper.reuse_duplicates=false")  # fmt: skip
PLUGINS = {
    "basic": "hydra",
    "joblib": "hydra_plugins.hydra_joblib_launcher",
    "ray": "hydra_plugins.hydra_ray_launcher",
    "submitit_local": "hydra_plugins.hydra_submitit_launcher",
}


def _is_missing(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is None
    except ModuleNotFoundError:
        return True


LAUNCHERS = [
    pytest.param(
        name, marks=pytest.mark.skipif(_is_missing(module), reason=f"{module} is not installed")
    )
    for name, module in PLUGINS.items()
]


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_launcher_drains_the_queue(toy: Toy, launcher: str) -> None:
    toy.run(*BASE, f"hydra/launcher={launcher}", "hydra.sweeper.n_trials=8", "seconds=0.4")
    assert [t.number for t in toy.trials(TrialState.COMPLETE)] == list(range(8))
    assert len({call[1] for call in toy.calls()}) == 2, "two processes"
    for number in range(8):
        assert (toy.directory / "multirun" / "s" / str(number) / ".hydra" / "config.yaml").exists()


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_launcher_survives_a_killed_worker(toy: Toy, launcher: str) -> None:
    driver = toy.start(*BASE, f"hydra/launcher={launcher}", "hydra.sweeper.n_trials=6", "seconds=1")
    toy.wait_until(driver, lambda: len(toy.calls()) >= 3)
    number, pid = toy.calls()[-1][:2]
    os.kill(int(pid), signal.SIGKILL)
    out, err = driver.communicate(timeout=100)
    assert driver.returncode == 0, out + err
    assert int(number) in {t.number for t in toy.trials(TrialState.FAIL)}
    assert len(toy.trials(TrialState.COMPLETE)) == 6
    assert not toy.trials(TrialState.RUNNING, TrialState.WAITING)


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_launcher_can_be_interrupted_and_resumed(toy: Toy, launcher: str) -> None:
    command = (*BASE, f"hydra/launcher={launcher}", "hydra.sweeper.n_trials=4", "seconds=1")
    driver = toy.start(*command)
    toy.wait_until(driver, lambda: len(toy.calls()) >= 2)
    driver.send_signal(signal.SIGINT)
    out, err = driver.communicate(timeout=60)
    assert driver.returncode == 130, out + err
    assert {t.user_attrs["failure"] for t in toy.trials(TrialState.FAIL)} == {"interrupted"}
    assert not toy.trials(TrialState.RUNNING)
    toy.run(*command)
    assert len(toy.trials(TrialState.COMPLETE)) == 4
