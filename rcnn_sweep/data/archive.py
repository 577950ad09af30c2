"""Reading ``.npz`` archives, ragged arrays too, without running what a pickle in them asks for."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from rcnn_sweep.data.pickled_rows import read_rows
from rcnn_sweep.errors import DataError

MAX_MEMBER_BYTES = 1 << 27
"""What an array may unpack to: nine times the largest of the IMDB archive."""

_DAMAGE = (
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    EOFError,
    OSError,
    MemoryError,
    RuntimeError,
    ImportError,
    NotImplementedError,
    zlib.error,
    zipfile.BadZipFile,
)


def read_arrays(
    path: Path, names: tuple[str, ...], *, most_bytes: int | None = None
) -> dict[str, NDArray[Any]]:
    """Give the arrays ``names`` of the archive at ``path``.

    Arrays of objects are read as integers and lists of integers, without unpickling them. An array
    that would unpack to more than ``most_bytes`` (None: :data:`MAX_MEMBER_BYTES`) is refused.
    Raises ``DataError``, naming the file, when it is damaged, incomplete or hostile.
    """
    limit = MAX_MEMBER_BYTES if most_bytes is None else most_bytes
    with _opened(path, names) as archive:
        return {name: _array(_member(archive, name, limit), name) for name in names}


def stated_shape(path: Path, name: str) -> tuple[int, ...]:
    """Give the shape of an array of an archive by its header; raises as :func:`read_arrays`."""
    with _opened(path, (name,)) as archive, _member(archive, name, None) as file:
        shape, _, _ = _header(file, name)
        return shape


@contextmanager
def _opened(path: Path, names: tuple[str, ...]) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except _DAMAGE as error:
        raise DataError(
            f"Expected a NumPy archive with the arrays {', '.join(names)} in {path}, received "
            f"another file: {_reason(error)}.\nReplace the file by a whole copy."
        ) from error


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def _member(archive: zipfile.ZipFile, name: str, limit: int | None) -> IO[bytes]:
    if f"{name}.npy" not in archive.namelist():
        raise ValueError(f"{name} is missing")
    size = archive.getinfo(f"{name}.npy").file_size
    if limit is not None and size > limit:
        raise ValueError(f"{name} would unpack to {size:,} bytes (limit {limit:,})")
    return archive.open(f"{name}.npy")


def _header(file: IO[bytes], name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    if version not in {(1, 0), (2, 0)}:
        raise ValueError(f"{name} has the unknown array format {version}")
    read_header = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    return read_header(file)


def _array(file: IO[bytes], name: str) -> NDArray[Any]:
    shape, fortran, dtype = _header(file, name)
    if dtype == np.dtype(object):
        array = _objects(file.read(), shape)
    elif dtype.hasobject:
        raise ValueError(f"{name} holds objects inside of records")
    else:
        array = np.frombuffer(file.read(), dtype).reshape(shape, order="F" if fortran else "C")
    if array.shape != shape:
        raise ValueError(f"{name} is not an array of the shape {shape} that its header states")
    return array


def _objects(pickled: bytes, stated: tuple[int, ...]) -> NDArray[Any]:
    rows, shape, fortran = read_rows(pickled)
    if shape != stated:
        raise ValueError(f"its pickle is not an array of the shape {stated} that its header states")
    array = np.fromiter(rows, object, len(rows))
    return array.reshape(shape, order="F" if fortran else "C")
