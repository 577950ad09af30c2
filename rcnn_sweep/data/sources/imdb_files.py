"""Where copies of the IMDB archive and its word index may be, and how to get them."""

import os
from pathlib import Path
from urllib.parse import urljoin

from rcnn_sweep.data.addresses import shown
from rcnn_sweep.data.checksum import digest
from rcnn_sweep.data.files import Say, cache_folder
from rcnn_sweep.errors import DataError, DataUnavailable

ARCHIVE, INDEX = "imdb.npz", "imdb_word_index.json"

# As in keras.datasets.imdb.
OFFICIAL_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/imdb.npz"
OFFICIAL_SHA256 = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
ARCHIVE_BYTES, INDEX_BYTES = 1 << 28, 1 << 26  # the published ones have 17 and 2 million
# Nobody publishes a better checksum of it. MD5 still keeps others from making another such file.
OFFICIAL_INDEX_MD5 = "bfafd718b763782e994055a2d397834f"


def copies(name: str) -> tuple[Path, Path]:
    """Give where this package and Keras cache the file ``name``."""
    keras = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser().absolute()
    return cache_folder() / name, keras / "datasets" / name


def kept_as(sha256: str) -> str:
    """Give the name of an archive in the cache: only the published one is called ``imdb.npz``."""
    return ARCHIVE if sha256 == OFFICIAL_SHA256 else f"imdb-{sha256[:16]}.npz"


def cached_archive(sha256: str, *, say: Say) -> Path | None:
    """Give this package's or Keras's copy of the archive, None where neither has ``sha256``."""
    for path in dict.fromkeys((cache_folder() / kept_as(sha256), *copies(ARCHIVE))):
        if path.is_file():
            received = digest(path)
            if received == sha256:
                return path
            say(f"Not using {path}: expected SHA-256 {sha256}, received {received}.")
    return None


def downloaded_archive(url: str, sha256: str, *, say: Say) -> tuple[Path, str]:
    """Fetch ``url`` into the cache; give its path there and the address without credentials.

    Raises ``DataUnavailable`` when that fails and ``DataError`` for another checksum.
    """
    from rcnn_sweep.data.download import download

    target = cache_folder() / kept_as(sha256)
    download(url, target, checksum=sha256, limit=ARCHIVE_BYTES, say=say)
    return target, shown(url)


def index_kept_as(sha256: str) -> str:
    """Give the name of an archive's word index in the cache, as :func:`kept_as` the archive's."""
    return INDEX if sha256 == OFFICIAL_SHA256 else f"imdb_word_index-{sha256[:16]}.json"


def checked_index(index: Path, sha256: str) -> Path:
    """Give ``index``, unless the archive is the published one and the index is not.

    With another index every text would be read as other words. Raises ``DataError``.
    """
    if sha256 == OFFICIAL_SHA256 and (received := digest(index, "md5")) != OFFICIAL_INDEX_MD5:
        raise DataError(
            f"Expected the word index of the published archive (MD5 {OFFICIAL_INDEX_MD5}), "
            f"received {index} with {received}.\nLeave data.word_index out, or remove that file."
        )
    return index


def local_index(archive: Path, sha256: str, *, say: Say) -> Path | None:
    """Give the word index of ``archive`` on this machine, None if there is none.

    That is the file beside it, or in the cache. The published archive takes the published index
    and no other, wherever it lies; ``say`` is told of what is not used. The caches hold indexes of
    several archives, so there the name tells which archive one belongs to.
    """
    kept, *others = (archive.with_name(index_kept_as(sha256)), *copies(index_kept_as(sha256)))
    beside = [] if archive.parent in _caches() else [archive.with_name(INDEX)]
    for path in dict.fromkeys((kept, *beside, *others)):
        if path.is_file():
            try:
                return checked_index(path, sha256)
            except DataError as error:
                say(f"Not using {path}: {str(error).splitlines()[0]}")
    return None


def _caches() -> set[Path]:
    return {path.parent for path in copies(INDEX)}


def downloaded_index(url: str, sha256: str, *, say: Say) -> Path | None:
    """Fetch the index of the archive ``sha256`` from beside its ``url``, None where it is not.

    It is kept under the archive's checksum. Raises ``DataError`` for one that is not the published
    archive's.
    """
    from rcnn_sweep.data.download import download

    target = cache_folder() / index_kept_as(sha256)
    official = OFFICIAL_INDEX_MD5 if sha256 == OFFICIAL_SHA256 else None
    try:
        download(
            urljoin(url, INDEX),
            target,
            checksum=official,
            limit=INDEX_BYTES,
            algorithm="md5",
            say=say,
        )
    except DataUnavailable as error:
        say(f"No word index: {error}.")
        return None
    return target
