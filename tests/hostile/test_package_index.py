"""A package index may hold anything: one known file is taken from it, and nothing run."""

import hashlib
import io
import json
import socket
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import examples

from rcnn_sweep.data.sources import package_index, snippets_file
from rcnn_sweep.data.sources.package_index import _files, fetch
from rcnn_sweep.errors import DataUnavailable

FILE = snippets_file.PACKAGE
PAGE = "/simple/vadersentiment/"


def source_distribution(witness: Path) -> bytes:
    """A package whose building would leave ``witness`` behind."""
    script = f"open({str(witness)!r}, 'w')".encode()
    needs = b"[build-system]\nrequires = ['setuptools==999.0']\nbuild-backend = 'setuptools'\n"
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, content in (("setup.py", script), ("pyproject.toml", needs)):
            member = tarfile.TarInfo(f"vaderSentiment-3.3.2/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return made.getvalue()


@pytest.fixture
def index(site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The site as pip's only index, with the package and build dependencies planted in it."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", f"{site.address}/simple")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    site.files[f"/files/{FILE}"] = source_distribution(tmp_path / "witness")
    site.files[PAGE] = f'<a href="../../files/{FILE}">{FILE}</a>'.encode()
    site.files["/simple/setuptools/"] = b'<a href="setuptools-999.0.tar.gz">setuptools</a>'
    return site


def fetched(index: Any, **more: Any) -> bytes:
    checksum = hashlib.sha256(index.files[f"/files/{FILE}"]).hexdigest()
    return fetch("vadersentiment", FILE, checksum, limit=1 << 20, **more)


def test_a_poisoned_index_has_nothing_built_and_nothing_else_asked(
    index: Any, tmp_path: Path
) -> None:
    with pytest.raises(DataUnavailable, match="has another vaderSentiment") as caught:
        snippets_file.fetch_text()
    assert index.asked == [PAGE, f"/files/{FILE}"]
    assert not (tmp_path / "witness").exists()
    assert index.address not in str(caught.value)


@pytest.mark.parametrize("form", ["html", "json", "html with checksums", "absolute"])
def test_the_file_is_found_by_name_and_checksum(index: Any, form: str) -> None:
    checksum = hashlib.sha256(index.files[f"/files/{FILE}"]).hexdigest()
    pages = {
        "html": index.files[PAGE],
        "json": json.dumps(
            {
                "files": [
                    {"url": "/wrong/x.tar.gz", "hashes": {}},
                    {"url": f"/wrong/{FILE}", "hashes": {"sha256": "0" * 64}},
                    {"url": f"/files/{FILE}", "hashes": {"sha256": checksum}},
                ]
            }
        ).encode(),
        "html with checksums": (
            f'<a href="/wrong/{FILE}#sha256={"0" * 64}"><a href="/files/{FILE}#sha256={checksum}">'
        ).encode(),
        "absolute": f'<a href="{index.address}/files/{FILE}">'.encode(),
    }
    index.files[PAGE] = pages[form]
    assert fetched(index) == index.files[f"/files/{FILE}"]
    assert index.asked == [PAGE, f"/files/{FILE}"]


def test_indexes_are_asked_in_the_order_of_pip(
    index: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", f"{index.address}/first")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"{index.address}/simple/")
    assert fetched(index) == index.files[f"/files/{FILE}"]
    assert index.asked[:2] == ["/first/vadersentiment/", PAGE]
    written = tmp_path / "pip.conf"
    written.write_text(
        f"[global]\nindex-url = {index.address}/global\n[download]\nindex-url = {index.address}/own"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(written))
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL")
    assert package_index.settings().indexes[0] == f"{index.address}/first"
    monkeypatch.delenv("PIP_INDEX_URL")
    assert package_index.settings().indexes[0] == f"{index.address}/own"


def test_the_index_is_asked_with_its_password_and_nobody_else_is(
    index: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = index.address.replace("//", "//me:correct-horse@")
    monkeypatch.setenv("PIP_INDEX_URL", f"{own}/simple")
    fetched(index)
    assert index.authorizations == ["Basic bWU6Y29ycmVjdC1ob3JzZQ=="] * 2
    assert package_index._known("https://elsewhere.example/x", own) == "https://elsewhere.example/x"
    del index.files[PAGE]
    with pytest.raises(DataUnavailable, match="HTTP status 404") as caught:
        fetched(index)
    assert "correct-horse" not in str(caught.value)
    assert index.address not in str(caught.value)


@pytest.mark.parametrize("address", ["file:///etc/", "ftp://127.0.0.1/", "http://[/", "data:,"])
def test_other_addresses_of_a_listing_are_not_asked(index: Any, address: str) -> None:
    index.files[PAGE] = f'<a href="{address}{FILE}">'.encode()
    with pytest.raises(DataUnavailable, match=r"not asked|has no vader"):
        fetched(index)


def test_a_listing_and_a_file_have_a_length(index: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_index, "PAGE_BYTES", 10)
    with pytest.raises(DataUnavailable, match="more than 10 bytes"):
        fetched(index)


@settings(max_examples=examples(200), deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet='<>/a=href"{}[]:,#files', max_size=60))
def test_any_listing_is_read_or_passed_over(listing: bytes | str) -> None:
    content = listing if isinstance(listing, bytes) else listing.encode()
    for url, stated in _files("https://index.example/simple/x/", content):
        assert isinstance(url, str)
        assert stated is None or isinstance(stated, str)


@pytest.mark.parametrize(
    "listing", ["[" * 100_000, '{"files": 3}', '{"files": [3, {"url": 1}]}', "<a href>", "null"]
)
def test_a_strange_listing_has_no_files(listing: str) -> None:
    assert list(_files("https://index.example/simple/x/", listing.encode())) == []


def test_indexes_that_do_not_answer_share_the_patience(
    index: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mute = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        monkeypatch.setenv("PIP_INDEX_URL", mute)
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"{mute}/a {mute}/b {index.address}/simple")
        found = package_index.settings()
        monkeypatch.setattr(package_index, "settings", lambda: found)
        began = time.monotonic()
        assert fetched(index, silence=2.0) == index.files[f"/files/{FILE}"]
        assert 1.4 < time.monotonic() - began < 4.0  # not 2 s each
