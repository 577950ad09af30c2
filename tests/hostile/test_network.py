"""What the network answers is written by others."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rcnn_sweep.data import ImdbConfig, problems
from rcnn_sweep.data.download import download
from rcnn_sweep.errors import DataUnavailable

Say = Callable[[str], None]
ELSEWHERE = ["file:///etc/passwd", "http://example.invalid/x", "ftp://127.0.0.1/x", "data:,x"]


@pytest.mark.parametrize("url", [*ELSEWHERE, "/etc/passwd", "HTTP://example.invalid", "https:/x"])
def test_only_https_is_asked(tmp_path: Path, say: Say, url: str) -> None:
    with pytest.raises(DataUnavailable, match="expected an https address"):
        download(url, tmp_path / "x", checksum=None, say=say)
    assert [line for line in problems(ImdbConfig(url=url)) if line.startswith("data.url: expected")]
    assert list(tmp_path.iterdir()) == []


def test_plain_http_is_asked_on_loopback_alone_and_only_where_that_is_allowed(
    tmp_path: Path, say: Say, site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.files["/x"] = b"x"
    download(f"{site.address}/x", tmp_path / "x", checksum=None, say=say)
    assert list(problems(ImdbConfig(url=site.address))) == []
    monkeypatch.delenv("RCNN_SWEEP_LOOPBACK_HTTP")
    with pytest.raises(DataUnavailable, match="expected an https address"):
        download(f"{site.address}/x", tmp_path / "x", checksum=None, say=say)
    assert len(list(problems(ImdbConfig(url=site.address)))) == 1
    assert site.asked == ["/x"]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_no_redirect_leads_anywhere_else(tmp_path: Path, say: Say, site: Any, url: str) -> None:
    site.redirects["/x"] = url
    with pytest.raises(DataUnavailable):
        download(f"{site.address}/x", tmp_path / "x", checksum=None, say=say)
    assert not (tmp_path / "x").exists()


def test_a_redirect_within_the_rules_is_followed(tmp_path: Path, say: Say, site: Any) -> None:
    site.redirects["/x"] = f"{site.address}/y"
    site.files["/y"] = b"y"
    download(f"{site.address}/x", tmp_path / "x", checksum=None, say=say)
    assert (tmp_path / "x").read_bytes() == b"y"


def test_a_checksum_is_one() -> None:
    for wrong in ("", "abc", "../" * 21 + "x", "g" * 64, "A" * 63):
        [line] = problems(ImdbConfig(sha256=wrong))
        assert line.startswith("data.sha256: expected")
