"""The page that follows a sweep: on this machine alone, refreshed while trials are to come."""

import http.client
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer

import pytest
from made_study import Made as MadeStudy
from made_study import trial

from rcnn_sweep.application import LivePage, Made, live_server
from rcnn_sweep.application import made as made_page
from rcnn_sweep.cli.verbs.report import main
from rcnn_sweep.errors import UserError


@pytest.fixture
def page() -> LivePage:
    return LivePage(lambda: Made("<p>Gr\u00fc\u00dfe</p>", is_over=False))


@pytest.fixture
def server(page: LivePage) -> Iterator[ThreadingHTTPServer]:
    with live_server(page, 0) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


def answer(
    server: ThreadingHTTPServer, path: str = "/", method: str = "GET", host: str = ""
) -> tuple[int, dict[str, str], str]:
    port = server.server_address[1]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, headers={"Host": host or f"127.0.0.1:{port}"})
    found = connection.getresponse()
    return found.status, dict(found.getheaders()), found.read().decode()


def test_it_answers_its_own_machine_with_the_page_and_nobody_else_with_anything(
    server: ThreadingHTTPServer,
) -> None:
    port = server.server_address[1]
    assert server.server_address[0] == "127.0.0.1"
    status, headers, body = answer(server)
    assert (status, body) == (200, "<p>Gr\u00fc\u00dfe</p>")
    assert headers["Refresh"] == "5" and headers["Cache-Control"] == "no-store"
    assert answer(server, host=f"localhost:{port}")[0] == 200
    for host in ("evil.example", f"evil.example:{port}", f"127.0.0.1:{port + 1}", "127.0.0.1"):
        status, _, body = answer(server, host=host)
        assert status == 421 and "Gr" not in body
    assert answer(server, "/etc/passwd")[0] == 404
    assert answer(server, method="POST")[0] == 501


def test_the_last_page_stays_while_a_new_one_cannot_be_made(
    page: LivePage, server: ThreadingHTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    assert answer(server)[0] == 200

    def fail() -> Made:
        raise OSError("database is locked")

    page.make, page._until = fail, 0.0
    assert answer(server)[0] == 200
    assert "The page is not of now: database is locked" in caplog.text
    page._last, page._until = None, 0.0
    status, _, body = answer(server)
    assert status == 503 and "database is locked" in body


def test_a_page_is_of_the_study_as_it_stands_and_says_when_it_is_over(made: MadeStudy) -> None:
    made.study("open", [trial(16, 0.7), trial(20, state="running")])
    found = made_page("open", None, None)
    assert "The study is still under way" in found.html and not found.is_over
    made.study("over", [trial(16, 0.7), trial(20, 0.8)])
    assert made_page("over", None, None).is_over


def test_a_mistake_is_told_before_anything_is_served(
    made: MadeStudy, server: ThreadingHTTPServer
) -> None:
    made.study("search", [trial(16, 0.7), trial(20, 0.8)])
    taken = str(server.server_address[1])
    for words, said in [
        (["--live", "serach"], "expected a study of"),
        (["--live", "search", "--port", taken], f"--port: expected a free port; {taken} is not"),
        (["--live", "--port", "70000"], "from 0 to 65535"),
        (["search", "--port", "80"], "--port: expected --live"),
        (["--live", "--output", "x.html"], "--live: expected a study alone"),
    ]:
        with pytest.raises(UserError, match=said):
            main(words)
