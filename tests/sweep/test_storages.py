"""What every storage of studies does: an SQLite file, PostgreSQL and MariaDB."""

import logging
import math
import multiprocessing
import shlex
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import optuna
import pytest
from optuna.distributions import CategoricalDistribution
from optuna.study import StudyDirection
from optuna.trial import TrialState, create_trial
from servers import (
    PASSWORD,
    MariaDB,
    Postgres,
    Server,
    mariadb,
    needs_mariadb,
    needs_postgres,
    postgres,
)
from small import HANGS
from sqlalchemy import event
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import OperationalError

from rcnn_sweep.errors import UserError
from rcnn_sweep.names import StudyAttr
from rcnn_sweep.sweep import list_studies
from rcnn_sweep.sweep.opening import find_study
from rcnn_sweep.sweep.storage import (
    LockLost,
    connection,
    exclusive,
    exclusively,
    masked,
    open_storage,
    retry,
    storage_url,
)
from rcnn_sweep.sweep.storage import lock as locks
from rcnn_sweep.sweep.storage.retry import StorageRefused
from rcnn_sweep.sweep.study.queue import Claim, Queue
from rcnn_sweep.sweep.study.slots import Retries
from rcnn_sweep.sweep.study.trials import ERROR

from .conftest import Toy

__all__ = ["mariadb", "postgres"]

MAXIMIZE = [StudyDirection.MAXIMIZE]
RETRIES = Retries(1, datetime.now())
ME = Claim("me:1:1.0", "session", RETRIES)
SERVERS = [
    pytest.param("postgres", marks=needs_postgres),
    pytest.param("mariadb", marks=needs_mariadb),
]


@pytest.fixture(params=["sqlite", *SERVERS])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty storage."""
    if request.param == "sqlite":
        return storage_url(f"sqlite:///{tmp_path / 'studies.db'}")
    return storage_url(request.getfixturevalue(request.param).url)


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> Server:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Server)
    return found


@pytest.fixture
def maria(mariadb: MariaDB) -> Queue:
    """A queue of two slots in MariaDB, whose first trial runs."""
    return queue_in(mariadb.url)


def queue_in(url: str) -> Queue:
    return make_queue(url, 2)


def make_queue(url: str, slots: int) -> Queue:
    storage = open_storage(url)
    queue = Queue(storage, storage.create_new_study(MAXIMIZE, "s"), url)
    queue.set_study_attr(StudyAttr.N_TRIALS, slots)
    assert queue.claim(ME) == 0
    return queue


def in_processes(count: int, work: Callable[[int], object]) -> None:
    """Have forked processes do ``work``, each with connections of its own."""

    def begin(number: int) -> None:
        locks.engine.cache_clear()
        work(number)

    fork = multiprocessing.get_context("fork")
    several = [fork.Process(target=begin, args=(number,)) for number in range(count)]
    for process in several:
        process.start()
    for process in several:
        process.join(120)
    assert [process.exitcode for process in several] == [0] * count


@pytest.mark.slow
def test_one_process_at_a_time_holds_the_lock(url: str, tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")

    def add(number: int) -> None:
        for _ in range(5):
            with exclusive(url):
                value = int(counter.read_text())
                time.sleep(0.01)
                counter.write_text(str(value + 1))

    in_processes(4, add)
    assert counter.read_text() == "20"


@pytest.mark.slow
def test_eight_processes_claim_each_slot_once(url: str, tmp_path: Path) -> None:
    in_processes(1, lambda number: make_queue(url, 24))
    claimed = tmp_path / "claimed"

    def drain(number: int) -> None:
        storage = open_storage(url)
        queue = Queue(storage, storage.get_study_id_from_name("s"), url)
        me = Claim(f"worker:{number}:1.0", "session", RETRIES)
        while (trial := queue.claim(me)) is not None:
            with claimed.open("a") as file:
                file.write(f"{trial}\n")
            queue.fail(trial, ERROR, "done with")

    in_processes(8, drain)
    assert Counter(map(int, claimed.read_text().split())) == Counter(range(1, 24))
    storage = open_storage(url)
    trials = storage.get_all_trials(storage.get_study_id_from_name("s"))
    assert [trial.user_attrs["slot"] for trial in trials] == list(range(24))


def test_values_come_back_as_they_went(url: str) -> None:
    storage = open_storage(url)
    study = storage.create_new_study(MAXIMIZE, "s")
    points = {str(slot): {"conv.filters": slot, "text": "é" * 20} for slot in range(2000)}
    storage.set_study_user_attr(study, "points", points)
    choices = ("a" * 70_000, "b", None)
    began = datetime(2026, 3, 1, 12, 30, 15, 987_654)
    trial = create_trial(
        state=TrialState.COMPLETE,
        value=math.inf,
        params={"p": choices[0]},
        distributions={"p": CategoricalDistribution(choices)},
        user_attrs={"traceback": "\N{PILE OF POO}" * 8000},
        intermediate_values={1: math.nan, 2: -math.inf, 3: 1e-300},
    )
    trial.datetime_start, trial.datetime_complete = began, datetime(2026, 3, 1, 12, 30, 16, 1)
    storage.create_new_trial(study, trial)
    again = open_storage(url)
    [found] = again.get_all_trials(study)
    assert again.get_study_user_attrs(study)["points"] == points
    assert (found.params, found.user_attrs) == (trial.params, trial.user_attrs)
    assert (found.datetime_start, found.datetime_complete) == (began, trial.datetime_complete)
    assert math.isnan(found.intermediate_values.pop(1))
    assert found.intermediate_values == {2: -math.inf, 3: 1e-300}
    assert found.values == [math.inf]


def test_names_are_told_apart_by_case_and_accent(url: str) -> None:
    storage = open_storage(url)
    names = ["team", "Team", "tëam", "команда", "\N{PILE OF POO}"]
    studies = [storage.create_new_study(MAXIMIZE, name) for name in names]
    assert [storage.get_study_id_from_name(name) for name in names] == studies
    with pytest.raises(KeyError):
        storage.get_study_id_from_name("TEAM")
    attrs = dict.fromkeys(names, 1)
    for name in names:
        storage.set_study_user_attr(studies[0], name, 1)
    assert open_storage(url).get_study_user_attrs(studies[0]) == attrs


def test_a_look_sees_what_others_wrote_since_the_last(url: str) -> None:
    mine = queue_in(url)
    storage = open_storage(url)
    theirs = Queue(storage, mine.study_id, url)
    assert len(mine.trials()) == 1 and mine.look().untried() == 1
    assert theirs.claim(Claim("you:2:1.0", "session", RETRIES)) == 1
    theirs.set_study_attr(StudyAttr.N_TRIALS, 5)
    assert len(mine.trials()) == 2
    assert mine.size() == 5 and mine.look().untried() == 3


def test_times_are_those_of_this_machine(url: str) -> None:
    before = datetime.now()
    [trial] = queue_in(url).trials()
    assert trial.datetime_start is not None
    assert before <= trial.datetime_start <= datetime.now()


@pytest.mark.slow
def test_a_server_that_restarts_as_a_command_opens_its_study_is_waited_for(server: Server) -> None:
    url = storage_url(server.url)
    open_storage(url).create_new_study(MAXIMIZE, "s")
    server.stop()
    back = threading.Timer(2.0, server.start)
    back.start()
    try:
        options = SimpleNamespace(directions=("maximize",))
        plan = SimpleNamespace(url=url, study_name="s", options=options, record={}, defaults={})
        assert find_study(cast(Any, plan)) is not None
    finally:
        back.join()


def test_a_server_that_says_that_it_starts_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    said = "FATAL:  the database system is starting up"

    class Starting:
        asked = 0

        @contextmanager
        def connect(self) -> Iterator[None]:
            self.asked += 1
            if self.asked < 3:
                raise OperationalError("", {}, Exception(said))
            yield

    server = Starting()
    monkeypatch.setattr(connection, "engine", lambda url: server)
    monkeypatch.setattr(retry, "PAUSES", (0.01,))
    connection.check_storage("postgresql+psycopg://me:secret@127.0.0.1/s")
    assert server.asked == 3
    [line] = [record.getMessage() for record in caplog.records]
    assert said in line and "secret" not in line and "waiting" in line


def holders(server: Server) -> list[int]:
    """Give the sessions that hold the storage's lock."""
    if isinstance(server, Postgres):
        query = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
    else:
        name = f"CONCAT('rcnn_sweep.', MD5('{make_url(server.url).database}'))"
        query = f"SELECT * FROM (SELECT IS_USED_LOCK({name}) AS id) s WHERE id IS NOT NULL"
    return [int(str(number)) for (number,) in server.run(query)]


def end(server: Server, session: int) -> None:
    is_postgres = isinstance(server, Postgres)
    server.run(
        f"SELECT pg_terminate_backend({session}, 5000)" if is_postgres else f"KILL {session}"
    )


@contextmanager
def impatient(server: Server) -> Iterator[str]:
    """Have the server end what idles, as far as it can; gives the URL to use."""
    if isinstance(server, Postgres):
        yield f"{server.url}?options=-c idle_in_transaction_session_timeout=200ms"
        return
    server.run("SET GLOBAL wait_timeout = 1")
    try:
        yield f"{server.url}?charset=utf8mb4"
    finally:
        server.run("SET GLOBAL wait_timeout = DEFAULT")


def test_an_idle_holder_is_a_holder(server: Server) -> None:
    with impatient(server) as url, exclusive(url):
        time.sleep(2.2)
        assert holders(server)
    assert not holders(server)


def test_who_loses_the_lock_learns_it_and_begins_again(server: Server) -> None:
    with pytest.raises(LockLost, match="lost while it was held"), exclusive(server.url):
        end(server, holders(server)[0])
    turns: list[int] = []

    def work() -> int:
        turns.append(holders(server)[0])
        if len(turns) == 1:
            end(server, turns[0])
        return len(turns)

    assert exclusively(server.url, work) == 2
    assert turns[0] != turns[1] and not holders(server)


@needs_mariadb
def test_databases_of_one_server_have_locks_of_their_own(mariadb: MariaDB) -> None:
    first = mariadb.url
    mariadb.new_database()
    with exclusive(first):
        entered = threading.Event()

        def enter() -> None:
            with exclusive(mariadb.url):
                entered.set()

        threading.Thread(target=enter, daemon=True).start()
        assert entered.wait(10), "another database's lock was in the way"


@pytest.mark.slow
def test_server_that_restarts_costs_no_trial(toy: Toy, server: Server) -> None:
    driver = toy.start("hydra.sweeper.study_name=s", "hydra.sweeper.pruner.name=none",
                       "hydra.sweeper.workers=2", "hydra.sweeper.n_trials=6", "seconds=1",
                       "hydra.sweeper.reuse_duplicates=false",
                       f"hydra.sweeper.storage={server.url}")  # fmt: skip
    try:
        toy.wait_until(driver, lambda: len(toy.calls()) >= 3)
        server.stop()
        time.sleep(4)
    finally:
        server.start()
    out, err = driver.communicate(timeout=HANGS)
    assert driver.returncode == 0, out + err
    assert (out + err).count("do not answer") == 1
    assert PASSWORD not in out + err
    trials = optuna.load_study(study_name="s", storage=server.url).trials
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 6
    assert len(toy.calls()) == 6


@pytest.mark.slow
@needs_mariadb
def test_sweep_in_mariadb_is_resumed_with_exact_totals(
    toy: Toy, mariadb: MariaDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = mariadb.url.replace("mysql", "mariadb", 1)
    words = ("hydra.sweeper.study_name=s", "hydra.sweeper.workers=2", "seconds=0.05",
             "hydra.sweeper.reuse_duplicates=false", "hydra.sweeper.pruner.name=none")  # fmt: skip
    first = toy.run(*words, "hydra.sweeper.n_trials=5", f"hydra.sweeper.storage={named}")
    [printed] = [line for line in first.splitlines() if line.startswith("resume:")]
    [storage] = [word for word in shlex.split(printed) if "sweeper.storage=" in word]
    assert "***" in storage
    monkeypatch.setenv("RCNN_SWEEP_STORAGE", named)
    second = toy.run(*words, "hydra.sweeper.n_trials=9", storage)
    assert "resumed: 5 complete" in second and PASSWORD not in first + second
    trials = optuna.load_study(study_name="s", storage=mariadb.url).trials
    assert [trial.user_attrs["slot"] for trial in trials] == list(range(9))
    assert {trial.state for trial in trials} == {TrialState.COMPLETE}
    assert Counter(int(call[0]) for call in toy.calls()) == Counter(range(9))


@pytest.mark.slow
@needs_mariadb
def test_a_row_that_another_holds_is_waited_for(
    maria: Queue, mariadb: MariaDB, caplog: pytest.LogCaptureFixture
) -> None:
    """Error 1205, lock wait timeout exceeded: each try ends after a second, the row after three."""
    mariadb.run("SET GLOBAL innodb_lock_wait_timeout = 1")
    patient = Queue(open_storage(f"{mariadb.url}?charset=utf8mb4"), maria.study_id, mariadb.url)
    with locks.engine(mariadb.url).connect() as other, caplog.at_level(logging.WARNING):
        other.exec_driver_sql("BEGIN")
        other.exec_driver_sql("SELECT * FROM trials FOR UPDATE")
        timer = threading.Timer(3, lambda: other.exec_driver_sql("ROLLBACK"))
        timer.start()
        assert patient.fail(0, ERROR, "a reason")
        timer.join()
    mariadb.run("SET GLOBAL innodb_lock_wait_timeout = DEFAULT")
    assert [m for m in caplog.messages if "Lock wait timeout" in m]


@needs_mariadb
def test_a_transaction_that_a_deadlock_ended_is_made_again(
    maria: Queue, mariadb: MariaDB, caplog: pytest.LogCaptureFixture
) -> None:
    """Error 1213: the other transaction has written more, so the server ends Optuna's."""
    waits = "SELECT count(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"
    told = threading.Thread(
        target=maria.storage.set_trial_state_values,
        args=(maria.id_of(0), TrialState.COMPLETE, [0.5]),
    )
    with locks.engine(mariadb.url).connect() as other, caplog.at_level(logging.WARNING):
        other.exec_driver_sql("CREATE TABLE weight (n INT)")
        other.exec_driver_sql("BEGIN")
        other.exec_driver_sql(f"INSERT INTO weight VALUES {', '.join(['(1)'] * 100)}")
        other.exec_driver_sql("SELECT * FROM trial_values FOR UPDATE")
        told.start()
        while not mariadb.run(waits)[0][0]:
            time.sleep(0.01)
        other.exec_driver_sql("SELECT * FROM trials FOR UPDATE")
        other.exec_driver_sql("ROLLBACK")
        told.join(20)
    assert [m for m in caplog.messages if "Deadlock found" in m]
    [trial] = maria.trials()
    assert (trial.state, trial.values) == (TrialState.COMPLETE, [0.5])


@needs_mariadb
@pytest.mark.parametrize("number", [2006, 2013, 1020])
def test_an_error_that_passes_is_waited_out(maria: Queue, number: int) -> None:
    import pymysql

    raised = once_raising(pymysql.err.OperationalError(number, "deliberate"))
    try:
        maria.set_attrs(0, {"heartbeat": 1})
    finally:
        assert raised()
    assert maria.trials()[0].user_attrs["heartbeat"] == 1


def once_raising(error: Exception) -> Callable[[], bool]:
    """Have the next statement on a trial's attributes raise; gives what says whether it did."""
    left = [error]

    def fail(*_: object) -> None:
        if left and "trial_user_attributes" in str(_[1]):
            raise left.pop()

    event.listen(Engine, "do_execute", fail)

    def raised() -> bool:
        event.remove(Engine, "do_execute", fail)
        return not left

    return raised


@needs_mariadb
def test_an_error_that_stays_is_not_waited_for(maria: Queue, mariadb: MariaDB) -> None:
    database = make_url(mariadb.url).database
    mariadb.run(f"ALTER TABLE {database}.trial_user_attributes DROP COLUMN value_json")
    began = time.monotonic()
    with pytest.raises(StorageRefused, match=r"studies_\d+ cannot be used: .*1054.*value_json"):
        maria.set_attrs(0, {"heartbeat": 1})
    assert time.monotonic() - began < 2


@needs_mariadb
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password": "wrong"}, "1045.*Access denied for user 'sweeper'"),
        ({"database": "nowhere"}, "1044|1049"),
        ({"username": "root", "password": "", "database": "nowhere"}, "1049.*nowhere"),
        ({"database": ""}, "which names none"),
        ({"port": 1}, "2003.*Can't connect"),
        ({"drivername": "mysql"}, "found none: No module named 'MySQLdb'.*extra mysql"),
        ({"drivername": "mysql+nothing"}, "Can't load plugin.*mysql.nothing"),
    ],
)
def test_what_is_wrong_with_a_url_is_said_at_once(
    mariadb: MariaDB, change: dict[str, object], said: str
) -> None:
    if change == {"drivername": "mysql"}:
        with suppress(ImportError):
            pytest.skip(f"{__import__('MySQLdb')} is installed")
    url = make_url(mariadb.url).set(**change).render_as_string(False)
    began = time.monotonic()
    with pytest.raises(UserError, match=said) as caught:
        open_storage(storage_url(url))
    assert time.monotonic() - began < 5
    assert len(str(caught.value).splitlines()) <= 2
    assert "hydra.sweeper.storage" in str(caught.value) and PASSWORD not in str(caught.value)


@pytest.mark.slow
@needs_mariadb
def test_a_user_who_may_only_read_is_told_so_with_exit_code_2(toy: Toy, mariadb: MariaDB) -> None:
    open_storage(mariadb.url)
    database = make_url(mariadb.url).database
    user = f"reader@'%' IDENTIFIED BY '{PASSWORD}'"
    mariadb.run(f"CREATE OR REPLACE USER {user}", f"GRANT SELECT ON {database}.* TO reader@'%'")
    reader = make_url(mariadb.url).set(username="reader").render_as_string(False)
    out = toy.run("hydra.sweeper.n_trials=1", f"hydra.sweeper.storage={reader}", code=2)
    assert "INSERT command denied to user 'reader'" in out and "Traceback" not in out
    assert not toy.calls() and PASSWORD not in out


@needs_mariadb
def test_a_printed_url_is_completed_from_the_environment(
    maria: Queue, mariadb: MariaDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = masked(mariadb.url)
    monkeypatch.delenv("RCNN_SWEEP_STORAGE", raising=False)
    with pytest.raises(UserError, match="RCNN_SWEEP_STORAGE: expected the URL"):
        list(list_studies(shown))
    monkeypatch.setenv("RCNN_SWEEP_STORAGE", mariadb.url.replace("mysql", "mariadb", 1))
    lines = list(list_studies(shown))
    assert any("1 running" in line for line in lines) and PASSWORD not in str(lines)


@pytest.mark.slow
@needs_mariadb
def test_a_server_that_falls_silent_is_waited_for(
    mariadb: MariaDB, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(locks, "ANSWER", 1.0)
    queue = queue_in(mariadb.url)
    mariadb.signal(signal.SIGSTOP)
    timer = threading.Timer(2.5, lambda: mariadb.signal(signal.SIGCONT))
    timer.start()
    with caplog.at_level(logging.WARNING):
        queue.set_attrs(0, {"heartbeat": 1})
    timer.join()
    assert [m for m in caplog.messages if "Lost connection" in m and "timed out" in m]
    assert queue.trials()[0].user_attrs["heartbeat"] == 1


@needs_mariadb
def test_tables_that_plain_optuna_made_are_widened_once_and_keep_what_they_hold(
    mariadb: MariaDB,
) -> None:
    plain = optuna.storages.RDBStorage(mariadb.url)
    study = plain.create_new_study(MAXIMIZE, "s")
    plain.set_study_user_attr(study, "known", ["ä", 1])
    changes: list[str] = []

    def note(_: object, __: object, statement: str, *more: object) -> None:
        changes.extend([statement] * statement.startswith("ALTER"))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        for _ in range(2):
            assert open_storage(mariadb.url).get_study_user_attrs(study) == {"known": ["ä", 1]}
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert len(changes) == len({change.split()[2] for change in changes}) == 7
    plain.set_study_user_attr(study, "KNOWN", "x" * 70_000)
    assert len(plain.get_study_user_attrs(study)) == 2


@needs_mariadb
def test_what_is_too_long_is_refused_even_by_a_lax_server(mariadb: MariaDB) -> None:
    mariadb.run("SET GLOBAL sql_mode = ''")
    try:
        storage = open_storage(mariadb.url)
        study = storage.create_new_study(MAXIMIZE, "s")
        with pytest.raises(StorageRefused, match=r"1406.*Data too long for column 'key'"):
            storage.set_study_user_attr(study, "k" * 513, 1)
    finally:
        mariadb.run("SET GLOBAL sql_mode = DEFAULT")
    assert storage.get_study_user_attrs(study) == {}
