"""Where the IMDB archive and its word index are on this machine, or how to get them."""

import os
from pathlib import Path
from urllib.parse import urljoin

from rcnn_sweep.data.cache import Say, cache_folder
from rcnn_sweep.data.checksum import digest
from rcnn_sweep.data.download import download, shown
from rcnn_sweep.data.sources.imdb import ImdbConfig
from rcnn_sweep.errors import DataError, DataUnavailable

ARCHIVE, INDEX = "imdb.npz", "imdb_word_index.json"
OFFICIAL_SHA256 = ImdbConfig().sha256
OFFICIAL_INDEX_MD5 = "bfafd718b763782e994055a2d397834f"  # as in keras.datasets.imdb


def given_file(value: str, setting: str) -> Path:
    """Give the absolute path of the file that ``setting`` names; raises ``DataError``."""
    path = Path(value).expanduser().absolute()
    if not path.is_file():
        raise DataError(
            f"Expected a file at {setting}, found none at {path}.\n"
            f"Correct {setting}; it is relative to the working directory."
        )
    return path


def find_archive(config: ImdbConfig, *, say: Say) -> tuple[Path, str]:
    """Give the archive's path and where it came from: a path or a URL.

    ``config.path`` is taken as it is. Without it, the cached copies of this package and of Keras
    are taken when their SHA-256 is ``config.sha256``, else ``config.url`` is downloaded. Raises
    ``DataUnavailable`` when that fails, ``DataError`` when there is no file at ``config.path``.
    """
    if config.path is not None:
        path = given_file(config.path, "data.path")
        return path, str(path)
    if (cached := cached_archive(config, say=say)) is not None:
        return cached, str(cached)
    target = cache_folder() / ARCHIVE
    download(config.url, target, checksum=config.sha256, say=say)
    return target, shown(config.url)


def cached_archive(config: ImdbConfig, *, say: Say) -> Path | None:
    """Give this package's or Keras's copy of the archive, None where neither is right."""
    for path in _cached(ARCHIVE):
        if path.is_file():
            received = digest(path)
            if received == config.sha256:
                return path
            say(f"Not using {path}: expected SHA-256 {config.sha256}, received {received}.")
    return None


def find_word_index(config: ImdbConfig, archive: Path, sha256: str, *, say: Say) -> Path | None:
    """Give the path of the word index that belongs to ``archive``, None if there is none.

    In this order: ``config.word_index``; the file beside the archive; for the official archive,
    the cached copies of this package and of Keras; and where ``config.path`` is null, a download
    from beside ``config.url``. Another archive has other ranks, so no cached index fits it.
    """
    if config.word_index is not None:
        return given_file(config.word_index, "data.word_index")
    if (beside := archive.with_name(INDEX)).is_file():
        return beside
    if sha256 == OFFICIAL_SHA256:
        for path in _cached(INDEX):
            if path.is_file() and digest(path, "md5") == OFFICIAL_INDEX_MD5:
                return path
    return _downloaded_index(config, say) if config.path is None else None


def _downloaded_index(config: ImdbConfig, say: Say) -> Path | None:
    target = cache_folder() / INDEX
    official = OFFICIAL_INDEX_MD5 if config.url == ImdbConfig().url else None
    try:
        url = urljoin(config.url, INDEX)
        download(url, target, checksum=official, algorithm="md5", say=say)
    except DataUnavailable as error:
        say(f"No word index: {error}.")
        return None
    return target


def _cached(name: str) -> tuple[Path, Path]:
    keras = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser().absolute()
    return cache_folder() / name, keras / "datasets" / name
