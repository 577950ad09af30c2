import hashlib
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rcnn_sweep.data import download as module
from rcnn_sweep.data.addresses import shown
from rcnn_sweep.data.download import download
from rcnn_sweep.errors import DataError, DataUnavailable

Say = Callable[[str], None]
BODY = bytes(range(256)) * 5000
LIMIT = 1 << 24
SHA256 = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "file.npz"


def left(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir())


def test_file_is_fetched_whole_and_announced(
    site: Any, target: Path, said: list[str], say: Say
) -> None:
    site.files["/a.npz"] = BODY
    download(f"{site.address}/a.npz", target, checksum=SHA256, limit=LIMIT, say=say)
    assert target.read_bytes() == BODY
    assert said == [f"Downloading {site.address}/a.npz (1.3 MB) ..."]
    assert left(target) == ["file.npz", "file.npz.lock"]


def test_two_first_downloads_share_one(site: Any, target: Path, say: Say) -> None:
    site.files["/a.npz"] = BODY
    site.delay = 0.3
    arguments = {"checksum": SHA256, "limit": LIMIT, "say": say}
    threads = [
        threading.Thread(target=download, args=(f"{site.address}/a.npz", target), kwargs=arguments)
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert site.asked == ["/a.npz"]
    assert target.read_bytes() == BODY


def test_wrong_checksum_names_both_and_leaves_nothing(site: Any, target: Path, say: Say) -> None:
    site.files["/a.npz"] = b"something else"
    with pytest.raises(DataError) as caught:
        download(f"{site.address}/a.npz", target, checksum=SHA256, limit=LIMIT, say=say)
    assert not isinstance(caught.value, DataUnavailable)
    assert SHA256 in str(caught.value)
    assert hashlib.sha256(b"something else").hexdigest() in str(caught.value)
    assert left(target) == ["file.npz.lock"]


def test_wrong_checksum_keeps_the_file_that_was_there(site: Any, target: Path, say: Say) -> None:
    target.parent.mkdir()
    target.write_bytes(b"before")
    site.files["/a.npz"] = b"something else"
    with pytest.raises(DataError):
        download(f"{site.address}/a.npz", target, checksum=SHA256, limit=LIMIT, say=say)
    assert target.read_bytes() == b"before"


def test_truncated_body_is_no_download(site: Any, target: Path, say: Say) -> None:
    site.files["/a.npz"] = BODY
    site.cut = 1000
    with pytest.raises(DataUnavailable, match=r"broke off"):
        download(f"{site.address}/a.npz", target, checksum=None, limit=LIMIT, say=say)
    assert left(target) == ["file.npz.lock"]


def test_drafts_of_killed_downloads_are_removed(site: Any, target: Path, say: Say) -> None:
    target.parent.mkdir()
    (target.parent / ".file.npz.dead.partial").write_bytes(b"half")
    site.files["/a.npz"] = BODY
    download(f"{site.address}/a.npz", target, checksum=SHA256, limit=LIMIT, say=say)
    assert left(target) == ["file.npz", "file.npz.lock"]


def test_missing_page_gives_its_status(site: Any, target: Path, say: Say) -> None:
    with pytest.raises(DataUnavailable, match=r"/a\.npz cannot be reached: HTTP status 404"):
        download(f"{site.address}/a.npz", target, checksum=None, limit=LIMIT, say=say)


def test_server_that_never_answers_is_given_up_within_four_seconds(
    site: Any, target: Path, say: Say
) -> None:
    site.delay = 60
    start = time.monotonic()
    with pytest.raises(DataUnavailable, match=r"did not answer within 3\.5 s"):
        download(f"{site.address}/a.npz", target, checksum=None, limit=LIMIT, say=say)
    assert time.monotonic() - start < 4


def test_hanging_name_resolution_is_given_up(
    target: Path, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    monkeypatch.setattr(module, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [][released.wait(20) :])
    with pytest.raises(DataUnavailable, match="did not answer"):
        download("https://nowhere.invalid/a.npz", target, checksum=None, limit=LIMIT, say=say)
    released.set()


def test_refused_connection_says_so(target: Path, say: Say) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(DataUnavailable, match="Connection refused"):
        download(f"http://127.0.0.1:{port}/a.npz", target, checksum=None, limit=LIMIT, say=say)


def test_stall_in_the_middle_ends_the_download(
    target: Path, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STALL_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer_in_part() -> None:
            connection, _ = server.accept()
            connection.recv(1000)
            connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            time.sleep(1)
            connection.close()

        thread = threading.Thread(target=answer_in_part)
        thread.start()
        with pytest.raises(DataUnavailable, match="broke off: timed out"):
            url = f"http://127.0.0.1:{server.getsockname()[1]}/a.npz"
            download(url, target, checksum=None, limit=LIMIT, say=say)
        thread.join()
    assert left(target) == ["file.npz.lock"]


def test_credentials_are_used_but_never_shown(
    site: Any, target: Path, said: list[str], say: Say
) -> None:
    url = site.address.replace("//", "//me:secret%21@") + "/a.npz?token=secret"
    with pytest.raises(DataUnavailable) as caught:
        download(url, target, checksum=None, limit=LIMIT, say=say)
    assert site.authorizations == ["Basic bWU6c2VjcmV0IQ=="]
    assert "secret" not in str(caught.value) + "".join(said)
    assert shown(url) == f"{site.address}/a.npz"


@pytest.mark.parametrize("url", ["nonsense", "http://[", "http://a b/", "ftp2://x/y"])
def test_impossible_address_is_an_error_of_ours(target: Path, say: Say, url: str) -> None:
    with pytest.raises(DataUnavailable):
        download(url, target, checksum=None, limit=LIMIT, say=say)


def test_terminal_gets_a_progress_bar_on_standard_error(
    site: Any,
    target: Path,
    said: list[str],
    say: Say,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    site.files["/a.npz"] = BODY
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    download(f"{site.address}/a.npz", target, checksum=SHA256, limit=LIMIT, say=say)
    assert target.read_bytes() == BODY
    assert said == []
    out, err = capsys.readouterr()
    assert (out, "a.npz" in err) == ("", True)
