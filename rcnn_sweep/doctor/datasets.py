"""The data: there already, or within reach."""

import hashlib
import socket
import threading
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rcnn_sweep.doctor.finding import Findings, note, ok

REACH_SECONDS = 1.0


def imdb() -> Findings:
    """Look for the IMDB archive in the caches, else for the way to it."""
    source = _source("imdb")
    official, copies = source.options(), source.copies()
    for file in copies:
        if not file.is_file():
            continue
        if _sha256(file) == official.sha256:
            yield ok(f"IMDB: {file}")
            return
        yield note(f"{file} is not the published archive", "It is not used: remove it.")
    host = _gate(official.url)
    if reachable(*host):
        yield ok(f"IMDB will be downloaded: {host[0]} answers")
        return
    yield note(
        f"IMDB is not on this machine, and {host[0]} does not answer",
        f"Put {copies[0].name} at {copies[0]}, or set data.path; "
        f"until then runs go on with data={official.fallback}.",
    )


def snippets() -> Findings:
    """Look for the small corpus, which stands in for IMDB."""
    [file] = _source("snippets").copies()
    if file.is_file():
        yield ok(f"snippets: {file}")
    else:
        yield ok("snippets: not here yet; they are fetched from pip's index when they are needed")


def _source(name: str) -> Any:
    """Give what knows where a source's file is; whatever reads it must be sound."""
    import numpy  # noqa: F401  its import is the examination

    from rcnn_sweep.data import source_named

    return source_named(name)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _gate(url: str) -> tuple[str, int]:
    """Give host and port that a download of ``url`` connects to: a proxy's where one is set."""
    parts = urlsplit(url)
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and not urllib.request.proxy_bypass(parts.hostname or ""):
        parts = urlsplit(proxy)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def reachable(host: str, port: int) -> bool:
    """Say whether a connection comes about within a second, name resolution included."""
    connected = threading.Event()

    def connect() -> None:
        try:
            socket.create_connection((host, port), REACH_SECONDS).close()
        except OSError:
            return
        connected.set()

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(REACH_SECONDS)
    return connected.is_set()
