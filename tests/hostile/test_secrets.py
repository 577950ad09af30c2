"""No password or token leaves by any exit, whatever it is made of."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from small import examples
from sqlalchemy.engine import make_url

from rcnn_sweep.config import Config, problems, refused_passwords
from rcnn_sweep.config.schema import TrackingConfig
from rcnn_sweep.process import CommandLine, hide_in_logs, passwords, remember, without_password
from rcnn_sweep.sweep.storage import masked, storage_url, with_password
from rcnn_sweep.tracking import Store, tracking_uri
from rcnn_sweep.tracking.reader import RunReader

SECRET = "correct-horse"


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_remembered", set())


ADDRESSES = [
    "postgresql://me:correct-horse@host/db",
    "postgresql://me:/correct-horse@host/db",
    "postgresql://me:a/b/correct-horse@host/db",
    "postgresql://me:5432/correct-horse@host/db",
    "postgresql+psycopg://me:a correct-horse b@host:5432/db",
    "postgresql://me:12 correct-horse@host/db",
    "postgresql://me:p@correct-horse@host/db",
    "postgresql://:correct-horse@host/db",
    "mysql+pymysql://me:it's correct-horse@host/db",
    "postgresql://host/db?password=correct-horse",
    "postgresql://host/db?user=me&sslpassword=correct-horse&x=1",
    "postgresql://host/db?SSLPASSWORD=correct-horse",
    "http://me:correct-horse@host:5000",
    "http://me:a/correct-horse@host:5000",
    "http://me:a correct-horse@host:5000/path",
    "http://me:a#correct-horse?@host:5000/path",
    "https://correct-horse@host/x",
    "https://correct-horse:@host/x",
    "https://correct-horse-0123456789abcdef:x-oauth-basic@host/x",
    "https://host/x?token=correct-horse",
    "https://host/x?a=1&access_token=correct-horse#there",
    "https://host/x?X-Amz-Signature=correct-horse",
    "https://host/x?sig=correct-horse",
    "https://host/x?api_key=correct-horse",
    "s3://key:correct-horse@bucket",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_secret_of_an_address_is_not_shown(address: str) -> None:
    for text in (address, f"before {address} after", f"x='{address}'", f"a\n{address}\nb"):
        assert SECRET not in without_password(text)
        assert "***" in without_password(text)
        assert text.partition(address)[0] in without_password(text)
    [refusal] = refused_passwords([f"tracking.uri={address}"])
    assert "tracking.uri" in refusal
    assert SECRET not in refusal
    config = Config(tracking=TrackingConfig(uri=address))
    assert [line for line in problems(config) if line.startswith("tracking.uri")]
    assert SECRET not in str(CommandLine(("python", "x"), ("a", f"b={address}")))


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://me@host:5432/db",
        "postgresql://host/db",
        "http://127.0.0.1:5000/#/experiments/1/runs/2?workflowType=machine_learning",
        "http://127.0.0.1:5000/x was told to me@example.org",
        "http://[::1]:5000/x me@example.org",
        "sqlite:////srv/studies.db",
        "sqlite:///a@b.db",
        "s3://bucket/key@1",
        "conv.filters=3 training.seed=7",
        "see https://host/a?page=3&name=x",
        "a: b@c",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert without_password(text) == text
    assert refused_passwords([f"data.path={text}"]) == []


PASSWORD = st.text(st.characters(codec="utf-8", exclude_characters="@\n\r"), min_size=6)


@settings(max_examples=examples(100))
@given(PASSWORD)
@example("5432/abc def")
@example('it\'s "quoted" & ?token=')
def test_any_password_of_a_database_is_found_as_sqlalchemy_reads_it(password: str) -> None:
    address = f"postgresql://me:{password}@host/db"
    assume(make_url(address).password == passwords.unquote(password))
    assert without_password(address) == "postgresql://me:***@host/db"
    rendered = make_url(address).render_as_string(hide_password=False)
    assert without_password(rendered) == "postgresql://me:***@host/db"


@settings(max_examples=examples(100))
@given(st.text(st.characters(codec="utf-8"), min_size=6))
def test_any_quoted_password_of_the_web_is_found_as_urllib_reads_it(password: str) -> None:
    quoted = quote(password, safe="")
    address = f"https://me:{quoted}@host/x"
    assert urlsplit(address).password == quoted
    assert without_password(address) == "https://me:***@host/x"


def test_what_was_remembered_is_hidden_outside_of_its_address_and_decoded() -> None:
    remember(
        "hydra.sweeper.storage='postgresql://me:a%2Fb%20c%21d@host/db?sslpassword=open+sesame'"
    )
    said = 'password "a/b c!d" is wrong, so is open sesame'
    assert without_password(said) == 'password "***" is wrong, so is ***'
    remember("http://me:abc@host")
    assert without_password("abc") == "abc"  # too short to tell it from a word


def test_what_the_environment_marks_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MY_TOKEN", "PGPASSWORD", "CLIENT_SECRET_OLD", "aws_access_key", "THE_KEYS"):
        monkeypatch.setenv(name, f"{SECRET}-{name}")
        assert without_password(f"x {SECRET}-{name} y") == "x *** y"
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "parallel")
    monkeypatch.setenv("SHORT_TOKEN", "false")
    assert without_password("parallel false") == "parallel false"
    monkeypatch.setenv("THEIR_STORE", "https://me:open-sesame@host")
    assert without_password("open-sesame was refused") == "*** was refused"


def test_what_the_environment_marks_is_refused_in_a_config(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", SECRET)
    config = Config(tracking=TrackingConfig(run_name=f"x {SECRET}"))
    [line] = [line for line in problems(config) if "tracking.run_name" in line]
    assert "are recorded" in line
    assert SECRET not in line


def test_hydra_takes_a_password_for_the_storage_of_a_sweep_alone() -> None:
    word = f"hydra.sweeper.storage=postgresql://me:{SECRET}@host/db"
    assert refused_passwords([word], sweep=True) == []
    assert len(refused_passwords([word])) == 1
    assert len(refused_passwords([f"+hydra.x=http://me:{SECRET}@host"], sweep=True)) == 1
    given = [
        "--storage",
        f"postgresql://me:{SECRET}@host/db?sslpassword=x",
        "--tracking-uri=http://a:b@c",
    ]
    assert refused_passwords(given) == []


def test_a_storage_with_a_secret_in_its_query_reaches_its_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = storage_url(f"postgresql://host/db?password={SECRET}")
    shown = masked(url)
    assert SECRET not in shown
    monkeypatch.setenv("RCNN_SWEEP_STORAGE", url)
    assert with_password(shown) == url
    assert with_password(url) == url


@pytest.fixture
def hidden_logs() -> Iterator[io.StringIO]:
    before, stream = logging.getLogRecordFactory(), io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger("another").addHandler(handler)
    hide_in_logs()
    yield stream
    logging.setLogRecordFactory(before)
    logging.getLogger("another").removeHandler(handler)


def test_no_log_record_has_a_secret(hidden_logs: io.StringIO) -> None:
    log = logging.getLogger("another")
    address = f"http://me:{SECRET}@host"
    log.error("asking %s", address)
    log.error("%d things", 3)
    try:
        raise ValueError(f"cannot ask {address}")
    except ValueError:
        log.exception("no %s", "answer")
    said = hidden_logs.getvalue()
    assert SECRET not in said
    assert "asking http://me:***@host" in said
    assert "cannot ask http://me:***@host" in said
    assert "3 things" in said


def test_no_record_has_a_secret(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", SECRET)
    writer = Store(tracking_uri(None), "secrets").start(
        "run", name=f"run {SECRET}", tags={"a": SECRET}
    )
    writer.params({"a": SECRET, "b": f"https://host/x?token={SECRET}"})
    writer.tags({"c": SECRET})
    writer.text("a.txt", f"x {SECRET}")
    writer.json("a.json", {"x": SECRET})
    writer.failed(ValueError(f"no {SECRET}"))
    run = RunReader().run(writer.run_id)
    assert run.params["a"] == "***"
    stored = (workplace / "mlflow.db").read_bytes()
    stored += b"".join(p.read_bytes() for p in (workplace / "mlruns").rglob("*") if p.is_file())
    assert SECRET.encode() not in stored
