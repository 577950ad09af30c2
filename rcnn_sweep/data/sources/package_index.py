"""One file out of the package index that pip is configured for; nothing of it is run.

``pip download`` would build a source distribution to learn its metadata, with whatever build
dependencies the index has that day. Here the index's simple API (PEP 503 and 691) is asked for
the one file, which is known by its name and checksum.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from rcnn_sweep.data.download import Way, fetched
from rcnn_sweep.errors import DataUnavailable

PAGE_BYTES = 1 << 24
"""What the list of a project's files may have; those of the largest projects have half of it."""

PIP_SECONDS = 60
ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.1"

# pip's own answer, as it would go about `pip download`: files, environment and defaults in its
# order. No public interface gives the default.
_ASK = """
import json
from pip._internal.commands import create_command
options, _ = create_command("download").parser.parse_args([])
indexes = [] if options.no_index else [options.index_url, *options.extra_index_urls]
print(json.dumps([indexes, options.proxy, options.cert, options.timeout]))
"""


@dataclass(frozen=True)
class Settings:
    """What pip is configured for: indexes in its order, proxy, authorities and patience."""

    indexes: tuple[str, ...]
    proxy: str | None
    certificates: str | None
    seconds: float


def settings() -> Settings:
    """Ask pip how it is configured; raises ``DataUnavailable`` where there is none."""
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", _ASK],  # -P: nothing of the working directory
            capture_output=True,
            text=True,
            timeout=PIP_SECONDS,
            check=True,
        )
        indexes, proxy, certificates, seconds = json.loads(done.stdout)
        return Settings(tuple(indexes), proxy or None, certificates or None, float(seconds))
    except subprocess.CalledProcessError as error:
        lines = str(error.stderr).strip().splitlines() or ["it failed without a message"]
        raise DataUnavailable(f"pip: {lines[-1]}") from error
    except (OSError, ValueError, TypeError, subprocess.TimeoutExpired) as error:
        raise DataUnavailable(f"pip does not tell its index: {type(error).__name__}") from error


def fetch(
    project: str, file: str, checksum: str, *, limit: int, silence: float | None = None
) -> bytes:
    """Give the content of ``file`` of ``project``, of the SHA-256 ``checksum``.

    ``limit`` is the most bytes that it may have, ``silence`` how long in seconds all indexes
    together may keep silent (None: each as long as pip is configured for). Indexes are asked in
    pip's order until one has it. Raises ``DataUnavailable``, which names no index.
    """
    found = settings()
    if not found.indexes:
        raise DataUnavailable("pip is configured for no index")
    causes = []
    deadline = None if silence is None else time.monotonic() + silence
    for number, index in enumerate(found.indexes, start=1):
        left = found.seconds if deadline is None else max(deadline - time.monotonic(), 0.0)
        share = left if deadline is None else left / (len(found.indexes) - number + 1)
        try:
            return _fetch(index, project, file, checksum, limit, share, found, number)
        except DataUnavailable as error:
            causes.append(str(error))
    raise DataUnavailable("; ".join(dict.fromkeys(causes)))


def _fetch(
    index: str,
    project: str,
    file: str,
    checksum: str,
    limit: int,
    silence: float,
    found: Settings,
    number: int,
) -> bytes:
    way = Way(
        problem=lambda url: _problem(url, index),
        seconds=silence,
        certificates=found.certificates,
        proxy=found.proxy,
        headers={"Accept": ACCEPT},
    )
    name = "pip's package index" if number == 1 else f"pip's package index no. {number}"
    page = f"{index.rstrip('/')}/{project}/"
    place, listing = fetched(page, name=name, limit=PAGE_BYTES, way=way)
    for url, stated in _files(place, listing):
        path = unquote(urlsplit(url).path)
        if path.rpartition("/")[2].lower() == file.lower() and stated in {None, checksum}:
            _, content = fetched(_known(url, index), name=f"{file} of {name}", limit=limit, way=way)
            if (received := sha256(content).hexdigest()) != checksum:
                raise DataUnavailable(f"{name} has another {file} (SHA-256 {received})")
            return content
    raise DataUnavailable(f"{name} has no {file} with the SHA-256 {checksum}")


def _problem(url: str, index: str) -> Iterator[str]:
    """Ask over HTTPS, or as plainly as the user asks the index: the file is checked anyway."""
    try:
        parts = urlsplit(url)
        is_asked = bool(parts.hostname) and parts.scheme in {"https", urlsplit(index).scheme}
    except ValueError:
        is_asked = False
    if not is_asked or parts.scheme not in {"http", "https"}:
        yield "pip's package index has an address that is not asked: expected https"


def _known(url: str, index: str) -> str:
    """Add the index's user and password to an address of the same server."""
    asked, own = urlsplit(url), urlsplit(index)
    user, at, place = own.netloc.rpartition("@")
    if (asked.scheme, asked.netloc) != (own.scheme, place):
        return url
    return asked._replace(netloc=f"{user}{at}{place}").geturl()


def _files(page: str, listing: bytes) -> Iterator[tuple[str, str | None]]:
    """List the files of a page: address without fragment, and stated SHA-256."""
    text = listing.decode("utf-8", errors="replace")
    try:
        return iter(_json_files(page, json.loads(text)))
    except (ValueError, RecursionError):
        return iter(_html_files(page, text))


def _json_files(page: str, content: Any) -> Iterator[tuple[str, str | None]]:
    files = content.get("files") if isinstance(content, dict) else None
    for file in files if isinstance(files, list) else []:
        url = file.get("url") if isinstance(file, dict) else None
        hashes = file.get("hashes") if isinstance(file, dict) else None
        if isinstance(url, str):
            stated = hashes.get("sha256") if isinstance(hashes, dict) else None
            yield from _joined(page, url, stated if isinstance(stated, str) else None)


def _html_files(page: str, text: str) -> Iterator[tuple[str, str | None]]:
    links = _Links()
    links.feed(text)
    for href in links.hrefs:
        _, _, fragment = href.partition("#")
        algorithm, _, value = fragment.partition("=")
        yield from _joined(page, href, value if algorithm == "sha256" else None)


def _joined(page: str, href: str, stated: str | None) -> Iterator[tuple[str, str | None]]:
    try:
        yield urldefrag(urljoin(page, href)).url, stated
    except ValueError:  # no address at all
        return


class _Links(HTMLParser):
    """Gathers where the links of a page lead."""

    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.hrefs += [value for name, value in attrs if name == "href" and value]
