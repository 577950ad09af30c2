"""Reading ``.npz`` archives of ragged arrays without running what a pickle in them asks for."""

import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from rcnn_sweep.data.sources.pickled_rows import read_rows
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


def read_arrays(path: Path, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """Give the arrays ``names`` of the archive at ``path``.

    Arrays of objects are read as integers and lists of integers, without unpickling them. Raises
    ``DataError``, naming the file, when it is damaged, incomplete or hostile.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return {name: _member(archive, name) for name in names}
    except _DAMAGE as error:
        raise DataError(
            f"Expected a NumPy archive with the arrays {', '.join(names)} in {path}, received "
            f"another file: {_reason(error)}.\nReplace the file by a whole copy."
        ) from error


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def _member(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    if f"{name}.npy" not in archive.namelist():
        raise ValueError(f"{name} is missing")
    size = archive.getinfo(f"{name}.npy").file_size
    if size > MAX_MEMBER_BYTES:
        raise ValueError(f"{name} would unpack to {size:,} bytes (limit {MAX_MEMBER_BYTES:,})")
    with archive.open(f"{name}.npy") as file:
        return _array(file, name)


def _array(file: IO[bytes], name: str) -> NDArray[Any]:
    version = np.lib.format.read_magic(file)
    if version not in {(1, 0), (2, 0)}:
        raise ValueError(f"{name} has the unknown array format {version}")
    read_header = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, fortran, dtype = read_header(file)
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
