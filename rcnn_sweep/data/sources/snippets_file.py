"""The file of rated sentences (Hutto and Gilbert, ICWSM 2014; after Pang and Lee, ACL 2005).

It comes inside the source distribution of the MIT-licensed package vaderSentiment 3.3.2, which
is fetched from whatever index pip is configured for.
"""

import io
import tarfile
from hashlib import sha256
from pathlib import Path

from rcnn_sweep.data.checksum import digest
from rcnn_sweep.data.files import Say, cache_folder, given_file, kept, locked
from rcnn_sweep.errors import DataError

TEXT = "movieReviewSnippets_GroundTruth.txt"
TEXT_SHA256 = "c8293b0d942e90e223ea2c0955d969040d1a1be514a978b9af0698940bd13350"
PROJECT, PACKAGE = "vadersentiment", "vaderSentiment-3.3.2.tar.gz"
PACKAGE_SHA256 = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
INNER = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
INNER_SHA256 = "d5bb07d87474b3eb8d30b4deccbc23f19d742a6c5718fbacc65485b70b95c5fa"
PACKAGE_BYTES = 1 << 24
"""More than the package has."""


def find_text(given: str | None, *, say: Say, silence: float | None = None) -> tuple[Path, str]:
    """Give the path of the sentences and where they came from, fetched if need be.

    ``given`` is ``data.path``; null: the cache, then pip's index. ``silence`` is how long in
    seconds the indexes may keep silent, None what pip is configured for. Raises ``DataUnavailable``
    when they cannot be had and ``DataError`` for a file that is not the published one.
    """
    if given is not None:
        path = given_file(given, "data.path")
        _check(f"{TEXT} in {path}", path.read_bytes(), TEXT_SHA256)
        return path, str(path)
    target = cached()
    if is_whole(target):
        return target, str(target)
    with locked(target.with_name(target.name + ".lock")):
        if is_whole(target):
            return target, str(target)
        say(f"Fetching the review sentences ({PACKAGE}) from pip's package index ...")
        content = fetch_text(silence)
        with kept(target) as file:
            file.write(content)
    return target, f"{PACKAGE} of pip's package index"


def cached() -> Path:
    """Give where the sentences are cached."""
    return cache_folder() / TEXT


def is_whole(path: Path) -> bool:
    """Say whether the published file lies at ``path``."""
    return path.is_file() and digest(path) == TEXT_SHA256


def fetch_text(silence: float | None = None) -> bytes:
    """Give the content of the text file out of the package, each layer checked.

    Raises ``DataUnavailable`` or ``DataError`` as :func:`find_text` does.
    """
    from rcnn_sweep.data.sources.package_index import fetch

    package = fetch(PROJECT, PACKAGE, PACKAGE_SHA256, limit=PACKAGE_BYTES, silence=silence)
    inner = _member(package, INNER)
    text = _member(_check(INNER, inner, INNER_SHA256), f"hutto_ICWSM_2014/{TEXT}")
    return _check(TEXT, text, TEXT_SHA256)


def _member(archive: bytes, name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        member = tar.extractfile(name)
        if member is None:
            raise DataError(f"Expected a file {name} in {PACKAGE}, found a folder or link.")
        return member.read()


def _check(name: str, content: bytes, expected: str) -> bytes:
    received = sha256(content).hexdigest()
    if received != expected:
        raise DataError(
            f"Expected the published {name} (SHA-256 {expected}), received {received}.\n"
            "Replace the file by the published one; data=table reads your own texts."
        )
    return content
