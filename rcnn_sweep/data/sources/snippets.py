"""Rated movie review sentences (Hutto and Gilbert, ICWSM 2014; after Pang and Lee, ACL 2005).

They come inside the source distribution of the MIT-licensed package vaderSentiment 3.3.2, which
pip fetches from whatever index it is configured for.
"""

import io
import os
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from rcnn_sweep.data.cache import Say, cache_folder, locked, published
from rcnn_sweep.data.checksum import digest
from rcnn_sweep.data.corpus import Encoded, Labelled, encode
from rcnn_sweep.data.options import DataConfig
from rcnn_sweep.data.sources.imdb_files import given_file
from rcnn_sweep.data.splits import part
from rcnn_sweep.errors import DataError, DataUnavailable
from rcnn_sweep.rcnn_text_model import tokenise


@dataclass
class SnippetsConfig(DataConfig):
    """10,568 rated movie review sentences (Hutto and Gilbert, ICWSM 2014; Pang and Lee, 2005)."""

    name: str = "snippets"
    maxlen: int = 64
    test_fraction: float = 0.2


TEXT = "movieReviewSnippets_GroundTruth.txt"
TEXT_SHA256 = "c8293b0d942e90e223ea2c0955d969040d1a1be514a978b9af0698940bd13350"
PACKAGE = "vaderSentiment==3.3.2"
PACKAGE_SHA256 = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
INNER = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
INNER_SHA256 = "d5bb07d87474b3eb8d30b4deccbc23f19d742a6c5718fbacc65485b70b95c5fa"
PIP_SECONDS = 120
LABEL_NAMES = ("negative", "positive")


def find_text(
    config: SnippetsConfig, *, say: Say, silence: float | None = None
) -> tuple[Path, str]:
    """Give the path of the sentences and where they came from, fetched by pip if need be.

    ``silence`` is how long in seconds the index may keep silent, None what pip is configured for.

    Raises ``DataUnavailable`` when pip cannot have them and ``DataError`` for a file that is
    not the published one.
    """
    if config.path is not None:
        path = given_file(config.path, "data.path")
        _check(f"{TEXT} in {path}", path.read_bytes(), TEXT_SHA256)
        return path, str(path)
    target = cache_folder() / TEXT
    if _is_whole(target):
        return target, str(target)
    with locked(target.with_name(target.name + ".lock")):
        if _is_whole(target):
            return target, str(target)
        say(f"Fetching the review sentences with pip ({PACKAGE}) ...")
        _store(fetch_text(silence), target)
    return target, f"pip download {PACKAGE}"


def is_cached() -> bool:
    """Say whether the sentences lie in the cache, whole."""
    return _is_whole(cache_folder() / TEXT)


def _is_whole(path: Path) -> bool:
    return path.is_file() and digest(path) == TEXT_SHA256


def fetch_text(silence: float | None = None) -> bytes:
    """Give the content of the text file out of the package that pip downloads, each layer checked.

    Raises ``DataUnavailable`` or ``DataError`` as :func:`find_text` does.
    """
    with tempfile.TemporaryDirectory() as folder:
        _pip_download(Path(folder), silence)
        packages = list(Path(folder).glob("*.tar.gz"))
        if len(packages) != 1:
            raise DataUnavailable(f"pip downloaded no source distribution of {PACKAGE}")
        package = packages[0].read_bytes()
    inner = _member(_check(PACKAGE, package, PACKAGE_SHA256), INNER)
    text = _member(_check(INNER, inner, INNER_SHA256), f"hutto_ICWSM_2014/{TEXT}")
    return _check(TEXT, text, TEXT_SHA256)


def build(path: Path, config: SnippetsConfig) -> Encoded:
    """Encode the sentences at ``path``."""
    return encode(labelled(path, config), config)


def labelled(path: Path, config: SnippetsConfig) -> Labelled:
    """Give the sentences at ``path``; those rated exactly zero are dropped and counted.

    A stratified ``config.test_fraction`` of them is the test split.
    """
    rows = [line.split("\t", 2) for line in path.read_text(encoding="utf-8").splitlines()]
    ratings = np.array([float(rating) for _, rating, _ in rows])
    kept = [
        bool(rating) and bool(tokenise(row[2])) for rating, row in zip(ratings, rows, strict=True)
    ]
    labels = (ratings[kept] > 0).astype(np.int32)
    texts = [row[2] for row, keep in zip(rows, kept, strict=True) if keep]
    is_test = part(labels, config.test_fraction, LABEL_NAMES, setting="data.test_fraction")
    dropped = f"{np.count_nonzero(ratings == 0)} of {len(rows)} sentences have the mean rating 0"
    notes = (f"{dropped} and were dropped.",)
    return Labelled(texts, labels, LABEL_NAMES, is_test, notes)


def _pip_download(folder: Path, silence: float | None) -> None:
    # The hash makes pip check the file before it runs anything of it.
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{PACKAGE} --hash=sha256:{PACKAGE_SHA256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:"]
    command += ["--require-hashes", "-r", str(wanted), "-d", str(folder)]
    command += ["--quiet", "--no-input", "--disable-pip-version-check", "--retries", "0"]
    command += [] if silence is None else ["--timeout", f"{silence:g}"]
    with (folder / "errors.txt").open("w+b") as errors:
        try:
            done = subprocess.run(
                command, stdout=subprocess.DEVNULL, stderr=errors, timeout=PIP_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise DataUnavailable(f"pip did not end within {PIP_SECONDS} s") from error
        if done.returncode:
            errors.seek(0)
            raise DataUnavailable(f"pip: {_last_line(errors.read())}")


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else "it failed without a message"


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


def _store(content: bytes, target: Path) -> None:
    with published(target) as partial, partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
