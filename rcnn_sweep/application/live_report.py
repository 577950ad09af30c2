"""A study's report as a page that follows the sweep, on this machine alone."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer
from typing import Any, cast

from rcnn_sweep.application.report import completed
from rcnn_sweep.errors import UserError
from rcnn_sweep.process import without_password
from rcnn_sweep.report import study_facts, study_html
from rcnn_sweep.sweep import read_study
from rcnn_sweep.tracking import RunReader

LOOPBACK = "127.0.0.1"
REFRESH_SECONDS = 5
"""How often a browser asks for the page while the sweep runs."""
REST = 4.0
"""A page that took long to make stays for so many times as long, so that it costs little."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Made:
    """A page as it was made; ``is_over`` where no trial runs or waits any more."""

    html: str
    is_over: bool


@dataclass
class LivePage:
    """The page of a study, made anew where the last one is old; ``make`` makes it."""

    make: Callable[[], Made]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _last: Made | None = None
    _until: float = 0.0

    def current(self) -> Made:
        """Give the page. What goes wrong while it is made leaves the last one."""
        with self._lock:
            started = time.monotonic()
            if self._last is None or started >= self._until:
                try:
                    self._last = self.make()
                except Exception as error:
                    if self._last is None:
                        raise
                    log.warning("The page is not of now: %s", without_password(str(error)))
                taken = time.monotonic() - started
                self._until = started + max(REFRESH_SECONDS - 1, REST * taken)
            return self._last


def made(name: str, storage: str | None, tracking_uri: str | None) -> Made:
    """Make the page of a study as it stands; nothing is trained for it.

    Raises :class:`UserError` where study or store are missing.
    """
    study = read_study(name, storage)
    reader = RunReader(tracking_uri) if "run_id" in study.parent else None
    facts = completed(study_facts(study, storage, reader), reader, may_train=False)
    is_open = study.waiting or any(t.state in ("running", "waiting") for t in study.trials)
    return Made(study_html(facts), is_over=not is_open)


def live_server(page: LivePage, port: int) -> ThreadingHTTPServer:
    """Make the server of a page on the loopback address; ``serve_forever`` starts it.

    It answers ``GET /`` alone, and only where the browser asked for this very host: a name that
    another site has made point here is refused. Raises :class:`UserError` where the port is taken.
    """

    class Handler(BaseHTTPRequestHandler):
        server_version = "rcnn_sweep"
        sys_version = ""

        def do_GET(self) -> None:
            """Answer with the page."""
            if self.headers.get("Host") not in _own_hosts(self.server):
                self.send_error(HTTPStatus.MISDIRECTED_REQUEST, "This page is for its own machine")
                return
            if self.path != "/":
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            try:
                found = page.current()
            except Exception as error:
                told = without_password(str(error)).splitlines()[:1]
                self.send_error(HTTPStatus.SERVICE_UNAVAILABLE, *told)
                return
            self._send(found)

        def _send(self, found: Made) -> None:
            body = found.html.encode()
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Content-Security-Policy", "frame-ancestors 'none'")
            self.send_header("X-Content-Type-Options", "nosniff")
            if not found.is_over:
                self.send_header("Refresh", str(REFRESH_SECONDS))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Leave the terminal alone."""

    try:
        server = ThreadingHTTPServer((LOOPBACK, port), Handler)
    except OSError as error:
        raise UserError(
            f"--port: expected a free port; {port} is not ({error.strerror}).\n"
            "Name another: --port NUMBER."
        ) from error
    server.daemon_threads = True
    return server


def _own_hosts(server: BaseServer) -> set[str]:
    """Give what a browser on this machine calls the server."""
    _, port = cast(tuple[str, int], server.server_address)
    return {f"{host}:{port}" for host in (LOOPBACK, "localhost")}
