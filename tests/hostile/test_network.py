"""What the network answers is written by others."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from rcnn_sweep.data import ImdbConfig, problems
from rcnn_sweep.data import download as module
from rcnn_sweep.data.download import download
from rcnn_sweep.errors import DataUnavailable

Say = Callable[[str], None]
ELSEWHERE = ["file:///etc/passwd", "http://example.invalid/x", "ftp://127.0.0.1/x", "data:,x"]


@pytest.mark.parametrize("url", [*ELSEWHERE, "/etc/passwd", "HTTP://example.invalid", "https:/x"])
def test_only_https_is_asked(tmp_path: Path, say: Say, url: str) -> None:
    with pytest.raises(DataUnavailable, match="expected an https address"):
        download(url, tmp_path / "x", checksum=None, limit=9, say=say)
    assert [line for line in problems(ImdbConfig(url=url)) if line.startswith("data.url: expected")]
    assert not (tmp_path / "x").exists()


def test_plain_http_is_asked_on_loopback_alone_and_only_where_that_is_allowed(
    tmp_path: Path, say: Say, site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.files["/x"] = b"x"
    download(f"{site.address}/x", tmp_path / "x", checksum=None, limit=9, say=say)
    assert list(problems(ImdbConfig(url=site.address))) == []
    monkeypatch.delenv("RCNN_SWEEP_LOOPBACK_HTTP")
    with pytest.raises(DataUnavailable, match="expected an https address"):
        download(f"{site.address}/x", tmp_path / "x", checksum=None, limit=9, say=say)
    assert len(list(problems(ImdbConfig(url=site.address)))) == 1
    assert site.asked == ["/x"]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_no_redirect_leads_anywhere_else(tmp_path: Path, say: Say, site: Any, url: str) -> None:
    site.redirects["/x"] = url
    with pytest.raises(DataUnavailable):
        download(f"{site.address}/x", tmp_path / "x", checksum=None, limit=9, say=say)
    assert not (tmp_path / "x").exists()


def test_a_redirect_within_the_rules_is_followed(tmp_path: Path, say: Say, site: Any) -> None:
    site.redirects["/x"] = f"{site.address}/y"
    site.files["/y"] = b"y"
    download(f"{site.address}/x", tmp_path / "x", checksum=None, limit=9, say=say)
    assert (tmp_path / "x").read_bytes() == b"y"


def test_a_checksum_is_one() -> None:
    for wrong in ("", "abc", "../" * 21 + "x", "g" * 64, "A" * 63):
        [line] = problems(ImdbConfig(sha256=wrong))
        assert line.startswith("data.sha256: expected")


@contextmanager
def answering(body: Iterator[bytes], header: bytes = b"") -> Iterator[str]:
    """A server that sends a body of no stated length to whoever comes first; its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.recv(1000)
                connection.sendall(b"HTTP/1.0 200 OK\r\n" + header + b"\r\n")
                for piece in body:
                    connection.sendall(piece)

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/x"
        thread.join()


def test_an_endless_answer_is_cut(tmp_path: Path, say: Say) -> None:
    sent = iter(lambda: bytes(1 << 16), None)
    with (
        answering(sent) as url,
        pytest.raises(DataUnavailable, match="sends more than 1,000,000 bytes"),
    ):
        download(url, tmp_path / "x", checksum=None, limit=1_000_000, say=say)
    assert [file.name for file in tmp_path.iterdir()] == ["x.lock"]


def test_a_drip_ends_at_a_deadline(
    tmp_path: Path, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TRANSFER_SECONDS", 0.3)

    def drip() -> Iterator[bytes]:
        while True:
            time.sleep(0.05)
            yield b"x"

    with (
        answering(drip()) as url,
        pytest.raises(DataUnavailable, match=r"sent \d+ bytes in 0\.3 s"),
    ):
        download(url, tmp_path / "x", checksum=None, limit=1_000_000, say=say)


@pytest.mark.parametrize("stated", [b"9" * 5000, b"-1", b"x", "²".encode(), b"1_0"])
def test_a_length_that_is_none_is_not_believed(tmp_path: Path, say: Say, stated: bytes) -> None:
    header = b"Content-Length: " + stated + b"\r\n"
    with suppress(DataUnavailable), answering(iter([b"body"]), header) as url:
        download(url, tmp_path / "x", checksum=None, limit=9, say=say)
    assert {file.name for file in tmp_path.iterdir()} <= {"x", "x.lock"}
