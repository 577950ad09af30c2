"""MLflow's own records in MariaDB."""

import logging
import threading
import time

import pytest
from servers import PASSWORD, MariaDB, mariadb, needs_mariadb
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError

from rcnn_sweep.errors import UserError
from rcnn_sweep.process import ProcessId
from rcnn_sweep.tracking import RunReader, Store, check_store, tracking_uri
from rcnn_sweep.tracking.client import is_passing

__all__ = ["mariadb"]
pytestmark = needs_mariadb


@pytest.mark.slow
def test_records_in_mariadb_outlast_a_restart(
    mariadb: MariaDB, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One store for all of it: MLflow takes some ten seconds to make its tables."""
    database = make_url(mariadb.url).database
    mariadb.run(f"ALTER DATABASE {database} CHARACTER SET utf8mb4")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mariadb.url.replace("mysql", "mariadb", 1))
    uri = tracking_uri(None)
    assert uri == mariadb.url
    check_store(uri)
    store = Store(uri, "experiment")
    writer = store.start("run", name="Läufe \N{PILE OF POO}", tags={"note": "n" * 4000})
    writer.params({"data.path": "ü" * 3000})
    writer.metrics({"val_loss": 1e300}, step=1)
    mariadb.stop()
    threading.Timer(1.5, mariadb.start).start()
    with caplog.at_level(logging.WARNING):
        writer.metrics({"val_loss": 0.25}, step=2)
    assert len([m for m in caplog.messages if "does not answer" in m]) == 1
    assert PASSWORD not in caplog.text
    gone = f"{str(ProcessId.own()).rpartition(':')[0]}:1.0"
    writer.tags({"rcnn_sweep.process": gone})
    assert store.reap() == [writer.run_id]
    run = RunReader().run(writer.run_id)
    assert run.name == "Läufe \N{PILE OF POO}"
    data = store.client.get_run(writer.run_id).data
    assert data.params["data.path"] == "ü" * 3000 and data.tags["note"] == "n" * 4000
    assert data.tags["rcnn_sweep.state"] == "interrupted"
    history = store.client.get_metric_history(writer.run_id, "val_loss")
    assert [(metric.step, metric.value) for metric in history] == [(1, 1e300), (2, 0.25)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password": "wrong"}, "1045.*Access denied for user 'sweeper'"),
        ({"username": "root", "password": "", "database": "nowhere"}, "1049.*nowhere"),
        ({"port": 1}, "2003.*Can't connect"),
        ({"drivername": "mysql+nothing"}, "Can't load plugin.*mysql.nothing"),
    ],
)
def test_what_is_wrong_with_its_address_is_said_before_mlflow_is_asked(
    mariadb: MariaDB, change: dict[str, object], said: str
) -> None:
    uri = make_url(mariadb.url).set(**change).render_as_string(False)
    began = time.monotonic()
    with pytest.raises(UserError, match=said) as caught:
        check_store(uri)
    assert time.monotonic() - began < 5
    assert len(str(caught.value).splitlines()) == 1 and PASSWORD not in str(caught.value)


def test_a_row_that_another_process_was_quicker_to_write_is_found_at_the_next_try(
    mariadb: MariaDB,
) -> None:
    insert = "INSERT INTO doubled VALUES (1)"
    database = make_url(mariadb.url).database
    with pytest.raises(IntegrityError) as caught:
        mariadb.run(f"USE {database}", "CREATE TABLE doubled (n INT PRIMARY KEY)", insert, insert)
    assert is_passing(caught.value)
