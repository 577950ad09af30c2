"""The slots of a study: which is taken next, when one is tried again, when the study is over."""

import errno
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import optuna
import pytest
from omegaconf import OmegaConf
from optuna.trial import TrialState, create_trial
from sqlalchemy import event
from sqlalchemy.engine import Engine

from hydra_plugins.hydra_optuna_async_sweeper.optuna_async_sweeper import OptunaAsyncSweeperConf
from rcnn_sweep.errors import UserError
from rcnn_sweep.names import StudyAttr
from rcnn_sweep.sweep.options import Limits, SweeperOptions, read_options
from rcnn_sweep.sweep.space import Params
from rcnn_sweep.sweep.storage import open_storage
from rcnn_sweep.sweep.study import Confirmation, outcome_of
from rcnn_sweep.sweep.study import queue as queue_module
from rcnn_sweep.sweep.study.queue import JUDGED, Claim, Queue
from rcnn_sweep.sweep.study.slots import Retries, Slots
from rcnn_sweep.sweep.study.stopping import (
    failures_in_a_row,
    is_searched,
    limit_reached,
    shared_mistake,
)
from rcnn_sweep.sweep.study.trials import DEAD, DISK, ERROR, FATAL, INTERRUPTED, MEMORY

from .conftest import Toy

START = datetime.now() - timedelta(hours=1)
WORKERS = map("worker:{}:1.0".format, count(1))
RETRIES = Retries(1, START)
"""Of a command that began an hour ago: all that fails here failed under it."""


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    """A queue of three slots."""
    url = f"sqlite:///{tmp_path / 'studies.db'}"
    opened = open_storage(url)
    study = optuna.create_study(storage=opened, study_name="s")
    made = Queue(opened, study._study_id, url)
    made.set_study_attr(StudyAttr.N_TRIALS, 3)
    return made


def claim(queue: Queue, retries: Retries, points: Mapping[int, Params] | None = None) -> int | None:
    """Have another worker claim a slot."""
    return queue.claim(Claim(next(WORKERS), "session", retries, points or {}))


def complete(queue: Queue, number: int) -> None:
    queue.storage.set_trial_state_values(queue.id_of(number), TrialState.COMPLETE, [0.0])


def slot_numbers(queue: Queue) -> list[int]:
    return [trial.user_attrs["slot"] for trial in queue.trials()]


@pytest.mark.slow
def test_a_trial_exists_once_its_slot_is_claimed(queue: Queue) -> None:
    assert queue.trials() == [] and queue.look().untried() == 3
    assert [claim(queue, RETRIES, {0: {"x": 4}}) for _ in range(4)] == [0, 1, 2, None]
    first = queue.trials()[0]
    assert first.state is TrialState.RUNNING and first.datetime_start is not None
    assert first.user_attrs.keys() == {"slot", "worker", "session", "seed"}
    assert first.system_attrs["fixed_params"] == {"x": 4}
    assert not queue.look().is_over(RETRIES)
    for number in range(3):
        complete(queue, number)
    assert queue.look().is_over(RETRIES)


@pytest.mark.parametrize(
    ("kind", "attempts"), [(DEAD, 2), (MEMORY, 2), (ERROR, 1), (FATAL, 1), (INTERRUPTED, 5)]
)
def test_a_failed_slot_is_tried_again_as_its_failure_allows(
    queue: Queue, kind: str, attempts: int
) -> None:
    queue.set_study_attr(StudyAttr.N_TRIALS, 1)
    for expected in range(attempts):
        assert claim(queue, RETRIES, {0: {"x": 4}}) == expected
        queue.fail(expected, kind, "a reason")
    if kind != INTERRUPTED:
        assert claim(queue, RETRIES) is None and queue.look().is_over(RETRIES)
    assert {trial.system_attrs["fixed_params"]["x"] for trial in queue.trials()} == {4}
    retried = [trial.user_attrs.get("retry_of") for trial in queue.trials()]
    assert retried == [None, *range(attempts - 1)]


def test_a_trial_that_found_no_space_is_tried_again_by_the_next_command(queue: Queue) -> None:
    assert claim(queue, RETRIES) == 0
    told = outcome_of(OSError(errno.ENOSPC, "No space left on device", "weights.h5"))
    assert told.kind == DISK and "weights.h5" in told.reason
    queue.fail(0, told.kind, told.reason)
    assert failures_in_a_row(queue.look(), START) == 1
    assert shared_mistake(queue.look(), START) is None
    assert claim(queue, RETRIES) == 1, "another slot: this command does not try it again"
    assert claim(queue, Retries(1, datetime.now())) == 2 and slot_numbers(queue) == [0, 1, 0]


def test_a_mistake_is_tried_again_by_the_next_command(queue: Queue) -> None:
    assert claim(queue, RETRIES) == 0
    queue.fail(0, FATAL, "no such file")
    assert shared_mistake(queue.look(), START) == "no such file"
    later = Retries(1, datetime.now())
    assert shared_mistake(queue.look(), later.began) is None
    assert claim(queue, later) == 1 and slot_numbers(queue) == [0, 0]


def test_interrupted_trials_are_no_results(queue: Queue) -> None:
    for kind in (INTERRUPTED, DEAD, INTERRUPTED):
        number = claim(queue, RETRIES)
        assert number is not None
        queue.fail(number, kind, "")
    assert (len(queue.look().ended), queue.look().results) == (3, 1)


def test_slots_to_be_tried_again_come_before_fresh_ones(queue: Queue) -> None:
    assert [claim(queue, RETRIES) for _ in range(2)] == [0, 1]
    queue.fail(1, INTERRUPTED, "Ctrl-C")
    queue.fail(0, DEAD, "killed")
    assert [claim(queue, RETRIES) for _ in range(4)] == [2, 3, 4, None]
    assert slot_numbers(queue) == [0, 1, 0, 1, 2]


def test_the_total_belongs_to_the_study(queue: Queue) -> None:
    """What another command raises or lowers holds for this one at its next look."""
    assert claim(queue, RETRIES) == 0
    complete(queue, 0)
    other = Queue(open_storage(queue.url), queue.study_id, queue.url)
    other.set_study_attr(StudyAttr.N_TRIALS, 1)
    assert claim(queue, RETRIES) is None and queue.look().is_over(RETRIES)
    other.set_study_attr(StudyAttr.N_TRIALS, 5)
    assert queue.look().untried() == 4 and not queue.look().is_over(RETRIES)
    assert [claim(queue, RETRIES) for _ in range(5)] == [1, 2, 3, 4, None]


def test_slots_left_out_are_not_tried_and_come_back_when_wanted(queue: Queue) -> None:
    queue.set_study_attr(StudyAttr.POINTS, {0: {"x": 0}, 1: {"x": 1}, 2: {"x": 2}})
    queue.set_study_attr(StudyAttr.LEFT_OUT, [1])
    assert [claim(queue, RETRIES) for _ in range(3)] == [0, 1, None]
    assert slot_numbers(queue) == [0, 2]
    queue.set_study_attr(StudyAttr.LEFT_OUT, [])
    assert claim(queue, RETRIES) == 2
    assert [t.system_attrs["fixed_params"]["x"] for t in queue.trials()] == [0, 2, 1]
    assert queue.points() == {slot: {"x": slot} for slot in range(3)}


def test_what_another_program_put_in_goes_first(queue: Queue) -> None:
    study = optuna.load_study(study_name="s", storage=queue.storage)
    study.enqueue_trial({"x": 9})
    assert not queue.look().is_over(RETRIES)
    assert claim(queue, RETRIES) == 0
    assert "slot" not in queue.trials()[0].user_attrs
    assert [claim(queue, RETRIES) for _ in range(4)] == [1, 2, 3, None]


def test_a_trial_made_twice_over_a_lost_connection_leaves_one(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = queue.storage.create_new_trial

    def twice(study_id: int, template_trial: optuna.trial.FrozenTrial) -> int:
        once(study_id, template_trial=template_trial)
        return once(study_id, template_trial=template_trial)

    monkeypatch.setattr(type(queue.storage), "create_new_trial", staticmethod(twice))
    assert claim(queue, RETRIES) == 1
    assert [trial.state for trial in queue.trials()] == [TrialState.FAIL, TrialState.RUNNING]
    assert queue.trials()[0].user_attrs["failure"] == INTERRUPTED


@pytest.mark.parametrize("rival", [False, True])
def test_a_claim_whose_lock_was_lost_is_made_again_and_doubles_nothing(
    queue: Queue, monkeypatch: pytest.MonkeyPatch, rival: bool
) -> None:
    """Another worker may have looked at the same moment and have taken the same slot."""
    losses = []

    def lost(url: str, work: Callable[[], int | None]) -> int | None:
        losses.append(url)
        if rival:
            attrs = {"slot": 0, "worker": "other:1:1.0", "session": "another"}
            other = create_trial(state=TrialState.RUNNING, user_attrs=attrs)
            queue.storage.create_new_trial(queue.study_id, template_trial=other)
            mine = create_trial(
                state=TrialState.RUNNING,
                user_attrs={"slot": 0, "worker": "me:1:1.0", "session": "session"},
            )
            queue.storage.create_new_trial(queue.study_id, template_trial=mine)
        else:
            work()
        return work()

    monkeypatch.setattr(queue_module, "exclusively", lost)
    claimed = queue.claim(Claim("me:1:1.0", "session", RETRIES))
    assert losses and claimed == (2 if rival else 0)
    assert claimed is not None and queue.trial(claimed).user_attrs["seed"] == claimed
    assert slot_numbers(queue) == ([0, 0, 1] if rival else [0])
    if rival:
        assert queue.trials()[1].user_attrs["failure"] == INTERRUPTED


def test_failures_in_a_row_are_counted_in_the_order_of_their_ends(queue: Queue) -> None:
    for _ in range(3):
        claim(queue, RETRIES)
    queue.fail(2, ERROR, "a")
    queue.look()
    complete(queue, 1)
    queue.look()
    queue.fail(0, ERROR, "b")
    assert failures_in_a_row(queue.look(), START) == 1
    fresh = Slots()
    fresh.update(queue.trials(), {})
    assert failures_in_a_row(fresh, START) == 1
    assert failures_in_a_row(fresh, datetime.now()) == 0


def ended(*values: float | None) -> Slots:
    """Slots in the order of their ends; None was pruned."""
    trials = []
    for number, value in enumerate(values):
        state = TrialState.PRUNED if value is None else TrialState.COMPLETE
        trial = create_trial(value=value, state=state, user_attrs={"slot": number})
        trial.number = number
        trials.append(trial)
    slots = Slots()
    slots.update(trials, {StudyAttr.N_TRIALS: 100})
    return slots


@pytest.mark.parametrize(
    ("limits", "direction", "values", "reached"),
    [
        (Limits(target=0.9), "maximize", (0.5, 0.8), None),
        (Limits(target=0.9), "maximize", (0.5, 0.9, 0.1), "target=0.9: trial 1 reached 0.9"),
        (Limits(target=0.9), "minimize", (0.95, None, 0.7), "target=0.9: trial 2 reached 0.7"),
        (Limits(patience=2), "maximize", (0.5, 0.4, 0.6, None), None),
        (Limits(patience=2), "maximize", (0.5, 0.5, None), "patience=2: 2 slots without a better"),
        (Limits(patience=2), "maximize", (None, None, None), None),
        (Limits(timeout=7200), "maximize", (0.5,), None),
        (Limits(timeout=3600), "maximize", (), "timeout: 3600 s are over"),
    ],
)
def test_a_limit_stops_the_sweep_and_says_which(
    limits: Limits, direction: str, values: tuple[float | None, ...], reached: str | None
) -> None:
    said = limit_reached(ended(*values), limits, direction, START)
    assert said is None if reached is None else said is not None and reached in said


def test_patience_has_its_finds_confirmed_before_it_stops(queue: Queue) -> None:
    limits, confirmation = Limits(patience=3), Confirmation(1, "maximize")
    mine = Claim(
        "me:1:1.0",
        "session",
        RETRIES,
        {slot: {"x": slot} for slot in range(5)},
        is_stopped=lambda slots: bool(
            limit_reached(slots, limits, "maximize", START, confirmation)
        ),
        confirmation=confirmation,
        is_searched=lambda slots: is_searched(slots, limits, "maximize"),
    )
    optuna_study = optuna.load_study(study_name="s", storage=queue.storage)
    queue.set_study_attr(StudyAttr.N_TRIALS, 30)
    queue.set_study_attr(StudyAttr.BASELINE, {"x": 0})
    values = iter((0.5, 0.9, 0.8, 0.7, 0.6))
    while (number := queue.claim(mine)) is not None:
        optuna.Trial(optuna_study, queue.id_of(number)).suggest_int("x", 0, 99)
        optuna_study.tell(number, next(values, 0.9))
    again = [trial.user_attrs.get("confirms") for trial in queue.trials()]
    assert again == [*[None] * 5, 1, 0, 1, 0]
    limits = Limits()
    assert queue.claim(mine) == 9, "without patience the same study goes on"
    assert "confirms" not in queue.trials()[9].user_attrs


def options(**given: object) -> SweeperOptions:
    plain = OmegaConf.to_container(OmegaConf.structured(OptunaAsyncSweeperConf()))
    assert isinstance(plain, dict)
    return read_options({str(key): value for key, value in {**plain, **given}.items()})


@pytest.mark.parametrize(
    ("typed", "seconds"), [(90, 90), ("90s", 90), ("1.5m", 90), ("8h", 28800), (None, None)]
)
def test_a_timeout_has_a_unit(typed: object, seconds: float | None) -> None:
    assert options(timeout=typed).limits.timeout == seconds


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({"timeout": "soon"}, "hydra.sweeper.timeout: expected seconds, or a time such as 90m"),
        ({"timeout": -1}, "hydra.sweeper.timeout: expected seconds"),
        ({"target": "high"}, "hydra.sweeper.target: expected a number; received 'high'"),
        ({"patience": 0}, "hydra.sweeper.patience: expected a whole number, 1 or more"),
        (
            {"metric": ["a", "b"], "direction": ["maximize"] * 2, "patience": 3},
            "hydra.sweeper.patience: expected one objective; received a, b",
        ),
    ],
)
def test_a_limit_that_cannot_be_is_a_mistake(given: dict[str, object], answer: str) -> None:
    with pytest.raises(UserError, match=answer):
        options(**given)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_sweep_that_reached_its_target_goes_on_with_another(toy: Toy, workers: int) -> None:
    """The score is 0 - (x - 3)**2 - y."""
    command = ("hydra.sweeper.study_name=s", f"hydra.sweeper.workers={workers}", "x=1,2,3,4,5")
    out = toy.run(*command, "hydra.sweeper.target=-2")
    done = len(toy.trials(TrialState.COMPLETE))
    assert 2 <= done <= 1 + workers and not toy.trials(TrialState.RUNNING)
    assert f"study s complete: {done} complete, {5 - done} waiting" in out
    assert re.search(r"because: hydra.sweeper.target=-2: trial [12] reached -[12]", out)
    assert "because" not in toy.run(*command)
    assert len(toy.trials(TrialState.COMPLETE)) == 5


def test_impossible_points_are_left_out_as_they_are_claimed(queue: Queue) -> None:
    """The number of trials stays as asked for while the points last."""
    points: dict[int, Params] = {slot: {"x": slot} for slot in range(8)}

    def is_odd(point: Params) -> bool:
        return int(str(point["x"])) % 2 == 1

    terms = Claim("me", "session", RETRIES, points, is_possible=is_odd)
    for expected in (1, 3, 5):
        number = queue.claim(terms)
        assert number is not None
        assert queue.trial(number).system_attrs["fixed_params"] == {"x": expected}
        complete(queue, number)
    assert queue.claim(terms) is None
    slots = queue.look()
    assert slots.is_over(RETRIES) and slots.size() == 3 and slots.left_out == {0, 2, 4}
    assert (slots.total_for(3, most=8), slots.total_for(9, most=8)) == (6, 9)


def test_a_claim_judges_only_so_many_points_under_the_lock(queue: Queue) -> None:
    points: dict[int, Params] = {slot: {"x": slot} for slot in range(JUDGED + 5)}
    queue.set_study_attr(StudyAttr.N_TRIALS, len(points))
    terms = Claim("me", "session", RETRIES, points, is_possible=lambda point: False)
    assert queue.claim(terms) is None and not queue.look().is_over(RETRIES)
    assert queue.claim(terms) is None and queue.look().is_over(RETRIES)
    assert queue.look().size() == 0


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    asked: list[str] = []

    def note(*args: object) -> None:
        asked.append(str(args[2]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.slow
def test_a_claim_asks_no_more_of_a_large_study(queue: Queue, statements: list[str]) -> None:
    def asked() -> int:
        statements.clear()
        number = claim(queue, RETRIES)
        assert number is not None
        complete(queue, number)
        return len(statements)

    queue.set_study_attr(StudyAttr.N_TRIALS, 100_000)
    few = [asked() for _ in range(3)][-1]
    for _ in range(300):
        queue.storage.create_new_trial(
            queue.study_id,
            create_trial(value=0.0, user_attrs={"slot": len(queue.slots.trials)}),
        )
        queue.look()
    assert asked() <= few + 2
    assert len(queue.look().trials) == 304


def test_a_look_at_many_trials_takes_in_only_the_new_ones() -> None:
    ended = [create_trial(value=0.0, user_attrs={"slot": number}) for number in range(20_000)]
    for number, trial in enumerate(ended):
        trial.number = number
    slots = Slots()
    slots.update(ended, {StudyAttr.N_TRIALS: 100_000})
    assert slots.next(RETRIES) == 20_000 and slots.untried() == 80_000
    taken: list[int] = []
    place = slots._place
    slots._place = lambda slot, trial: (taken.append(slot), place(slot, trial))[1]  # type: ignore[method-assign]
    new = create_trial(state=TrialState.RUNNING, user_attrs={"slot": 20_000})
    new.number = 20_000
    slots.update([*ended, new], {StudyAttr.N_TRIALS: 100_000})
    slots.update([*ended, new], {StudyAttr.N_TRIALS: 100_000})
    assert taken == [20_000, 20_000]
    assert slots.next(RETRIES) == 20_001
