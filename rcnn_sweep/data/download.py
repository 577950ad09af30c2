"""Fetching one file: whole, checked and in one piece on disk, or an error within bounds.

Whoever answers may send for ever, at any speed: length and time have limits.
"""

import base64
import contextlib
import hashlib
import http.client
import io
import queue
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from rcnn_sweep.data.addresses import problem, shown, without_user
from rcnn_sweep.data.checksum import PIECE, digest
from rcnn_sweep.data.files import Say, kept, locked
from rcnn_sweep.errors import DataError, DataUnavailable

CONNECT_SECONDS = 3.5  # to the first byte; name resolution alone can hang far longer
STALL_SECONDS = 30.0
TRANSFER_SECONDS = 900.0  # at 20 kB/s the IMDB archive comes in that time

Problem = Callable[[str], Iterator[str]]


@dataclass(frozen=True)
class Way:
    """How an address is asked, redirects included.

    ``problem`` says why an address is not asked, ``seconds`` is how long it may keep silent at
    first, ``certificates`` a file of authorities (None: the system's), ``proxy`` an address
    (None: what the environment says), ``headers`` go with the request.
    """

    problem: Problem = problem
    seconds: float | None = None
    certificates: str | None = None
    proxy: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


def download(
    url: str,
    target: Path,
    *,
    checksum: str | None,
    limit: int,
    say: Say,
    algorithm: str = "sha256",
) -> None:
    """Fetch ``url`` to ``target``, which is replaced in one step or not at all.

    ``checksum`` is the expected hexadecimal digest by ``algorithm``, None if it is not known;
    ``limit`` is the most bytes that are taken. Processes that fetch one target at once share one
    download. Raises ``DataUnavailable`` when the file cannot be had and ``DataError`` for a wrong
    checksum or an unwritable folder.
    """
    with locked(target.with_name(target.name + ".lock")):
        if checksum and target.is_file() and digest(target, algorithm) == checksum:
            return
        with kept(target) as file:
            received = _transfer(url, file, limit, say, algorithm)
            if checksum not in {None, received}:
                raise DataError(
                    f"Expected the {algorithm} checksum {checksum} from {shown(url)}, received "
                    f"{received}.\nThe download was removed; try again or check the address."
                )


def fetched(url: str, *, name: str, limit: int, way: Way) -> tuple[str, bytes]:
    """Give the address that answered in the end for ``url``, and what it answered.

    ``name`` stands for the address in errors. Raises ``DataUnavailable``.
    """
    response = _connect(url, name, way)
    content = io.BytesIO()
    with response:
        for piece in _pieces(name, response, limit):
            content.write(piece)
    return response.url, content.getvalue()


def _transfer(url: str, file: BinaryIO, limit: int, say: Say, algorithm: str) -> str:
    """Write what ``url`` answers to ``file``; give its checksum."""
    response = _connect(url, shown(url), Way())
    total = _stated(response)
    checksum = hashlib.new(algorithm)
    with response, _progress(url, total, say) as advance:
        for piece in _pieces(shown(url), response, limit):
            file.write(piece)
            checksum.update(piece)
            advance(len(piece))
    return checksum.hexdigest()


def _stated(response: Any) -> int | None:
    stated = response.headers.get("Content-Length") or ""
    return int(stated) if stated.isdecimal() and len(stated) < 20 else None


def _pieces(name: str, response: Any, limit: int) -> Iterator[bytes]:
    """Give what is answered, all of it and not more than ``limit`` bytes."""
    total, done, deadline = _stated(response), 0, time.monotonic() + TRANSFER_SECONDS
    try:
        while piece := response.read1(PIECE):
            done += len(piece)
            if done > limit:
                raise DataUnavailable(f"{name} sends more than {limit:,} bytes")
            if time.monotonic() > deadline:
                raise DataUnavailable(f"{name} sent {done:,} bytes in {TRANSFER_SECONDS:g} s")
            yield piece
    except (OSError, http.client.HTTPException) as error:
        raise DataUnavailable(f"{name} broke off: {_reason(error)}") from error
    if total is not None and done != total:
        raise DataUnavailable(f"{name} broke off after {done:,} of {total:,} bytes")


def _connect(url: str, name: str, way: Way) -> Any:
    """Open ``url`` in a thread, since nothing else puts a limit on name resolution."""
    for reason in way.problem(url):
        raise DataUnavailable(reason)
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
    seconds = CONNECT_SECONDS if way.seconds is None else way.seconds

    given_up = threading.Event()

    def ask() -> None:
        answer = _ask(url, way)
        answers.put(answer)
        if given_up.is_set() and not isinstance(answer, Exception):
            answer.close()

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        given_up.set()
        raise DataUnavailable(f"{name} did not answer within {seconds:g} s") from None
    if isinstance(answer, Exception):
        raise DataUnavailable(f"{name} cannot be reached: {_reason(answer)}") from answer
    return answer


class _Redirect(urllib.request.HTTPRedirectHandler):
    """Follow a redirect where its address would be asked as well."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        for reason in self._problem(newurl):
            raise urllib.error.URLError(f"it leads elsewhere, {reason}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener(way: Way) -> urllib.request.OpenerDirector:
    """Give an opener for HTTP and HTTPS alone; urllib's own reads files and FTP too."""
    opener = urllib.request.OpenerDirector()
    proxies = None if way.proxy is None else dict.fromkeys(("http", "https"), way.proxy)
    context = ssl.create_default_context(cafile=way.certificates)
    for handler in (
        urllib.request.ProxyHandler(proxies),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=context),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
        _Redirect(way.problem),
    ):
        opener.add_handler(handler)
    return opener


def _ask(url: str, way: Way) -> Any:
    try:
        return _opener(way).open(_request(url, way.headers), timeout=STALL_SECONDS)
    except urllib.error.HTTPError as error:
        error.close()
        return error
    except (OSError, ValueError, http.client.HTTPException) as error:
        return error


def _request(url: str, headers: dict[str, str]) -> urllib.request.Request:
    parts = urlsplit(url)
    bare = parts._replace(netloc=without_user(parts)).geturl()
    request = urllib.request.Request(bare, headers=headers)
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        token = base64.b64encode(pair.encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {token}")
    return request


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP status {error.code}"
    if isinstance(error, urllib.error.URLError):
        return str(getattr(error.reason, "strerror", None) or error.reason)
    return str(error) or type(error).__name__


@contextlib.contextmanager
def _progress(url: str, total: int | None, say: Say) -> Iterator[Callable[[int], None]]:
    if not sys.stderr.isatty():
        size = f" ({total / 1e6:.1f} MB)" if total else ""
        say(f"Downloading {shown(url)}{size} ...")
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn())
    with Progress(
        *columns, DownloadColumn(), TransferSpeedColumn(), console=Console(stderr=True)
    ) as bar:
        task = bar.add_task(Path(urlsplit(url).path).name, total=total)
        yield lambda count: bar.update(task, advance=count)
