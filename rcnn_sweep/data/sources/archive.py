"""Reading ``.npz`` archives of ragged arrays without running what a pickle in them asks for."""

import pickle
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from rcnn_sweep.errors import DataError

# Thirty times the largest member of the IMDB archive; more than this is no text data set.
MAX_MEMBER_BYTES = 1 << 29

_ADMITTED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
}
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
    pickle.UnpicklingError,
)


def _latin1(text: str, encoding: str) -> bytes:
    """Stand in for ``_codecs.encode``, by which Python 3 stores bytes in old pickles."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"it asks for the codec {encoding!r}")
    return text.encode("latin1")


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("_codecs", "encode"):
            return _latin1
        if (module, name) not in _ADMITTED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is not an array")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def read_arrays(path: Path, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """Give the arrays ``names`` of the archive at ``path``.

    Object arrays are unpickled with nothing but NumPy's array constructors within reach.
    Raises ``DataError``, naming the file, when it is damaged, incomplete or hostile.
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
    if dtype.hasobject:
        array = _ArrayUnpickler(file).load()
    else:
        array = np.frombuffer(file.read(), dtype).reshape(shape, order="F" if fortran else "C")
    if not isinstance(array, np.ndarray) or array.shape != shape:
        raise ValueError(f"{name} is not an array of the shape {shape} that its header states")
    return array
