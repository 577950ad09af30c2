"""Fetching one file: whole, checked and in one piece on disk, or an error within seconds."""

import base64
import contextlib
import hashlib
import http.client
import queue
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from rcnn_sweep.data.addresses import problem, shown, without_user
from rcnn_sweep.data.checksum import PIECE, digest
from rcnn_sweep.data.files import Say, kept, locked
from rcnn_sweep.errors import DataError, DataUnavailable

CONNECT_SECONDS = 3.5  # to the first byte; name resolution alone can hang far longer
STALL_SECONDS = 30.0


def download(
    url: str, target: Path, *, checksum: str | None, say: Say, algorithm: str = "sha256"
) -> None:
    """Fetch ``url`` to ``target``, which is replaced in one step or not at all.

    ``checksum`` is the expected hexadecimal digest by ``algorithm``, None if it is not known.
    Processes that fetch one target at once share one download. Raises ``DataUnavailable`` when
    the file cannot be had and ``DataError`` for a wrong checksum or an unwritable folder.
    """
    for reason in problem(url):
        raise DataUnavailable(reason)
    with locked(target.with_name(target.name + ".lock")):
        if checksum and target.is_file() and digest(target, algorithm) == checksum:
            return
        with kept(target) as file:
            received = _transfer(url, file, say, algorithm)
            if checksum not in {None, received}:
                raise DataError(
                    f"Expected the {algorithm} checksum {checksum} from {shown(url)}, received "
                    f"{received}.\nThe download was removed; try again or check the address."
                )


def _transfer(url: str, file: BinaryIO, say: Say, algorithm: str) -> str:
    """Write what ``url`` answers to ``file``; give its checksum."""
    response = _connect(url)
    stated = response.headers.get("Content-Length")
    total = int(stated) if stated and stated.isdigit() else None
    checksum, done = hashlib.new(algorithm), 0
    with response, _progress(url, total, say) as advance:
        for piece in _pieces(url, response):
            file.write(piece)
            checksum.update(piece)
            done += len(piece)
            advance(len(piece))
    if total is not None and done != total:
        raise DataUnavailable(f"{shown(url)} broke off after {done:,} of {total:,} bytes")
    return checksum.hexdigest()


def _pieces(url: str, response: Any) -> Iterator[bytes]:
    try:
        while piece := response.read1(PIECE):
            yield piece
    except (OSError, http.client.HTTPException) as error:
        raise DataUnavailable(f"{shown(url)} broke off: {_reason(error)}") from error


def _connect(url: str) -> Any:
    """Open ``url`` in a thread, since nothing else puts a limit on name resolution."""
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

    given_up = threading.Event()

    def ask() -> None:
        answer = _ask(url)
        answers.put(answer)
        if given_up.is_set() and not isinstance(answer, Exception):
            answer.close()

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=CONNECT_SECONDS)
    except queue.Empty:
        given_up.set()
        raise DataUnavailable(f"{shown(url)} did not answer within {CONNECT_SECONDS:g} s") from None
    if isinstance(answer, Exception):
        raise DataUnavailable(f"{shown(url)} cannot be reached: {_reason(answer)}") from answer
    return answer


class _Redirect(urllib.request.HTTPRedirectHandler):
    """Follow a redirect where its address would be asked as well."""

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        for reason in problem(newurl):
            raise urllib.error.URLError(f"it leads elsewhere, {reason}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    """Give an opener for HTTP and HTTPS alone; urllib's own reads files and FTP too."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
        _Redirect(),
    ):
        opener.add_handler(handler)
    return opener


def _ask(url: str) -> Any:
    try:
        return _opener().open(_request(url), timeout=STALL_SECONDS)
    except urllib.error.HTTPError as error:
        error.close()
        return error
    except (OSError, ValueError, http.client.HTTPException) as error:
        return error


def _request(url: str) -> urllib.request.Request:
    parts = urlsplit(url)
    request = urllib.request.Request(parts._replace(netloc=without_user(parts)).geturl())
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
