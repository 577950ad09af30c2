"""What a terminal shows of a sweep under way, and what a file or pipe gets."""

from datetime import datetime, timedelta

import pytest
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState
from rich.console import Console

from rcnn_sweep.names import StudyAttr
from rcnn_sweep.sweep.console.live import LiveTable
from rcnn_sweep.sweep.study.slots import Slots

from .conftest import Toy

START = datetime(2026, 1, 1, 12)
SPACE = {"units": IntDistribution(1, 99), "rate": FloatDistribution(0.0, 1.0)}


def trial(
    number: int,
    units: int,
    steps: tuple[float, ...],
    state: TrialState = TrialState.COMPLETE,
    **attrs: object,
) -> FrozenTrial:
    begun = START + timedelta(seconds=10 * number)
    is_over = state.is_finished()
    return FrozenTrial(
        number=number,
        trial_id=number,
        state=state,
        value=steps[-1] if state is TrialState.COMPLETE else None,
        datetime_start=begun,
        datetime_complete=begun + timedelta(seconds=10) if is_over else None,
        params={"units": units, "rate": 0.1 + 0.2},
        distributions=SPACE,
        user_attrs={"slot": number, "worker": "node7/boot/1:4242:1.0", **attrs},
        system_attrs={},
        intermediate_values=dict(enumerate(steps, 1)),
    )


def shown(
    *trials: FrozenTrial, direction: str = "maximize", expected: timedelta | None = None
) -> str:
    slots = Slots()
    slots.update(list(trials), {StudyAttr.N_TRIALS: 10})
    table = LiveTable(
        study_name="s",
        metrics=("val_accuracy",),
        directions=(direction,),
        baseline={"units": 70, "rate": 0.1 + 0.2},
        is_search=True,
        began=START,
        before=0,
        expected=expected,
    )
    console = Console(width=120, force_terminal=False)
    with console.capture() as captured:
        console.print(table.rendered(slots, START + timedelta(seconds=45)))
    return " ".join(captured.get().split())


def test_before_the_first_trial_there_is_little_to_tell() -> None:
    text = shown()
    assert "s: 10 waiting; 0:00:45 so far, time to come unknown yet" in text
    assert "best: none yet" in text and "running" not in text


def test_runs_recorded_before_tell_the_time_until_a_trial_has_ended() -> None:
    expected = timedelta(seconds=30)
    assert "0:00:45 so far, about 0:04:15 to come" in shown(expected=expected)
    assert "about 0:06:45 to come" in shown(trial(0, 70, (0.5,)), expected=expected)


def test_running_trials_are_told_with_their_place_among_the_others() -> None:
    text = shown(
        trial(0, 70, (0.5, 0.7)),
        trial(1, 20, (0.6, 0.9)),
        trial(2, 30, (0.55,), TrialState.PRUNED),
        trial(3, 40, (0.58,), TrialState.RUNNING),
    )
    assert "2 complete, 1 pruned, 1 running, 6 waiting; 0:00:45 so far, about 0:01:45" in text
    assert "3 │ node7 4242 │ units=40 │ 1 │ 0.58 │ 2 of 4 │ 15 │" in text
    assert "best: trial 1 val_accuracy=0.9 units=20" in text


def test_the_last_five_that_ended_are_told_the_latest_first() -> None:
    failed = trial(6, 3, (), TrialState.FAIL, failure="error", reason="ValueError: no")
    text = shown(*(trial(n, 60 + n, (0.1 * n,)) for n in range(6)), failed)
    assert "6 │ failed │ ValueError: no │ │ 10.0 │ │ 5 │ complete │ units=65 │ 0.5 │ 10.0" in text
    assert "2 │ complete │ units=62" in text and "1 │ complete" not in text


def test_lower_is_better_where_the_study_says_so() -> None:
    running = trial(2, 40, (0.58,), TrialState.RUNNING)
    text = shown(trial(0, 70, (0.5,)), trial(1, 20, (0.6,)), running, direction="minimize")
    assert "2 of 3" in text and "best: trial 0 val_accuracy=0.5 the baseline" in text


@pytest.mark.slow
def test_a_pipe_gets_a_line_a_trial_and_one_when_the_best_changes(toy: Toy) -> None:
    """The score is 0 - (x - 3)**2 - y: -5, -2, -1, -2."""
    out = toy.run("hydra.sweeper.workers=1", "hydra.sweeper.study_name=s", "x=1,2,3,4")
    lines = [line for line in out.splitlines() if line.startswith(("trial ", "best so far"))]
    assert [line.split(" x=")[0] for line in lines] == [
        "trial 0 complete score=-5",
        "best so far: trial 0 score=-5",
        "trial 1 complete score=-2",
        "best so far: trial 1 score=-2",
        "trial 2 complete score=-1",
        "best so far: trial 2 score=-1",
        "trial 3 complete score=-2",
    ]
