"""What tests of data share: an empty cache each, small IMDB archives, a web server."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of our own, and no copy of Keras's to fall on."""
    folder = tmp_path / "cache folder"
    monkeypatch.setenv("RCNN_SWEEP_CACHE", str(folder))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return folder


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def say(said: list[str]) -> Callable[[str], None]:
    return said.append


def ragged(rows: list[Any]) -> np.ndarray[Any, Any]:
    array = np.empty(len(rows), object)
    array[:] = rows
    return array


@pytest.fixture
def write_archive() -> Callable[..., Path]:
    """Write a small archive in IMDB's layout; keywords replace its arrays."""

    def write(path: Path, **arrays: Any) -> Path:
        rng = np.random.RandomState(0)
        content: dict[str, Any] = {}
        for split, count in (("train", 40), ("test", 30)):
            lengths = rng.randint(1, 30, count)
            content[f"x_{split}"] = ragged([rng.randint(1, 51, n).tolist() for n in lengths])
            content[f"y_{split}"] = np.arange(count) % 2
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **{**content, **arrays})
        return path

    return write


@pytest.fixture
def write_index() -> Callable[..., Path]:
    def write(path: Path, count: int = 50) -> Path:
        path.write_text(json.dumps({f"w{rank}": rank for rank in range(count, 0, -1)}))
        return path

    return write


@dataclass
class Site:
    """A web server on this machine: ``files`` by path, and what it was asked for."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    cut: int = 0
    delay: float = 0.0
    redirects: dict[str, str] = field(default_factory=dict)
    stopped: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)


@pytest.fixture
def site() -> Iterator[Site]:
    told = Site()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(self.path)
            told.authorizations.append(self.headers.get("Authorization"))
            told.stopped.wait(told.delay)
            if (elsewhere := told.redirects.get(self.path)) is not None:
                self.send_response(302)
                self.send_header("Location", elsewhere)
                self.end_headers()
                return
            body = told.files.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write((body or b"")[: len(body or b"") - told.cut])

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    told.address = f"http://127.0.0.1:{server.server_port}"
    yield told
    told.stopped.set()
    server.shutdown()
    thread.join()
    server.server_close()
