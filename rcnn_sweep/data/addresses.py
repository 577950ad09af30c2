"""Addresses of data: which are asked, and how one is shown."""

import ipaddress
import os
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

LOOPBACK_HTTP = "RCNN_SWEEP_LOOPBACK_HTTP"
"""Set to 1, plain HTTP to this machine itself is allowed, for tests."""


def problem(url: str) -> Iterator[str]:
    """Say why ``url`` is not asked: only HTTPS proves who answers, and reads no file.

    >>> list(problem("file:///etc/passwd"))
    ['expected an https address; received file:///etc/passwd']
    """
    try:
        parts = urlsplit(url)
        is_asked = bool(parts.hostname) and (parts.scheme == "https" or _is_allowed(parts))
    except ValueError:
        is_asked = False
    if not is_asked:
        yield f"expected an https address; received {shown(url)}"


def _is_allowed(parts: SplitResult) -> bool:
    if parts.scheme != "http" or os.environ.get(LOOPBACK_HTTP) != "1":
        return False
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def shown(url: str) -> str:
    """Give ``url`` without user, password, query and fragment, fit for messages and records."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "data.url"
    return parts._replace(netloc=without_user(parts), query="", fragment="").geturl()


def without_user(parts: SplitResult) -> str:
    """Give host and port of an address."""
    return parts.netloc.rpartition("@")[2]
