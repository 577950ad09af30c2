"""Archives made to harm whoever reads them: each is read in a process with a memory limit."""

import io
import pickle
import pickletools
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small import HANGS, examples

from rcnn_sweep.data.archive import read_arrays
from rcnn_sweep.data.pickled_rows import read_rows
from rcnn_sweep.errors import DataError

MEMORY = 1 << 30
"""Bytes of address space beyond what Python and NumPy have taken: no reader may want more."""

READ = f"""
import resource, sys
from pathlib import Path
import numpy, psutil
from rcnn_sweep.data.sources.imdb_reviews import sequences
from rcnn_sweep.errors import DataError
limit = psutil.Process().memory_info().vms + {MEMORY}
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    sequences(Path(sys.argv[1]))
except DataError as error:
    sys.exit(str(error))
"""

ARRAY = b"cnumpy._core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR"


def dtype_with_flags(flags: bytes) -> bytes:
    """A dtype of objects whose state says what its elements are, by NumPy's flags."""
    made = b"cnumpy\ndtype\n(X\x02\x00\x00\x00O8\x89\x88tR"
    return made + b"(K\x03X\x01\x00\x00\x00|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff" + flags + b"tb"


def pointers(*, addresses: bytes) -> bytes:
    """An array whose bytes NumPy would take for pointers to Python objects."""
    state = b"(K\x01K\x01\x85" + dtype_with_flags(b"K\x00") + b"\x89"
    content = b"B" + struct.pack("<I", len(addresses)) + addresses
    return b"\x80\x03" + ARRAY + state + content + b"tb."


def of_lists(inner: bytes, count: int = 1) -> bytes:
    state = b"(K\x01J" + struct.pack("<i", count) + b"\x85" + dtype_with_flags(b"K?") + b"\x89"
    return b"\x80\x03" + ARRAY + state + b"](" + inner + b"etb."


def archive(folder: Path, pickled: bytes, shape: tuple[int, ...] = (1,)) -> Path:
    header = io.BytesIO()
    fields = {"descr": "|O", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, fields)
    path = folder / "evil.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name in ("x_train", "x_test"):
            file.writestr(f"{name}.npy", header.getvalue() + pickled)
    return path


def read_apart(path: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", READ, str(path)], capture_output=True, text=True, timeout=HANGS
    )


def test_the_pickles_of_this_file_are_those_that_numpy_reads() -> None:
    whole = of_lists(b"](K\x05M\x88\x13e](K\x07e", 2)
    array = pickle.loads(whole)  # noqa: S301 - it is our own
    assert array.tolist() == [[5, 5000], [7]]
    assert read_rows(whole) == ([[5, 5000], [7]], (2,), False)


@pytest.mark.parametrize(
    ("pickled", "cause"),
    [
        (pointers(addresses=b"\x41" * 8), "no array of objects"),
        (dtype_with_flags(b"K\x00") + b".", "its pickle is not an array"),
        (of_lists(b"]" * 2_000_000), "more than 1,000,000 parts"),
        (of_lists(b"(" * 2_000_000), "more than 1,000,000 parts"),
        (of_lists(b"]q\x00h\x00a"), "a list in a list"),
        (of_lists(b"](]e"), "a list in a list"),
        (b"\x80\x05\x96" + struct.pack("<Q", 1 << 40) + b"x.", "asks for BYTEARRAY8"),
        (b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40) + b"x.", "asks for BINBYTES8"),
        (b"\x80\x04B" + struct.pack("<I", 1 << 31) + b"x.", "expected"),
        (b"\x8b" + struct.pack("<i", 1 << 30) + b"1.", "asks for LONG4"),
        (b"(" * 1000 + b"l" * 1000 + b".", "asks for LIST"),
        (b"cnumpy\ndtype\n(X\x01\x00\x00\x00Vtb.", "which is not an array"),
        (b"cnumpy\nndarray\n(K\x05\x85tR.", "which is no array"),
        (b"cos\nsystem\n(Vtrue\ntR.", "asks for os.system"),
        (b"Vtrue\n.", "asks for UNICODE"),
        (b"P0\n.", "asks for PERSID"),
        (b"0.", "asks for POP"),
        (b"", "breaks off"),
        (b"K", "breaks off"),
        (b"\x85.", "damaged"),
        (b"e.", "damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_hostile_array_is_refused_within_the_memory(
    tmp_path: Path, pickled: bytes, cause: str
) -> None:
    if len(pickled) < 1000:
        with pytest.raises(ValueError, match=cause):
            read_rows(pickled)
    else:
        done = read_apart(archive(tmp_path, pickled))
        assert done.returncode == 1, done.stderr
        assert cause in done.stderr
        assert "evil.npz" in done.stderr


def test_a_place_far_away_in_the_memo_takes_no_memory(tmp_path: Path) -> None:
    done = read_apart(archive(tmp_path, of_lists(b"]" + b"r\xff\xff\xff\x7f")))
    assert (done.returncode, done.stderr) == (0, "")


def test_an_array_of_pointers_is_refused_and_crashes_nothing(tmp_path: Path) -> None:
    path = archive(tmp_path, pointers(addresses=b"\x41" * 8))
    done = read_apart(path)
    assert done.returncode == 1, done.stderr
    assert "no array of objects" in done.stderr


def test_a_record_with_objects_inside_is_refused(tmp_path: Path) -> None:
    header = io.BytesIO()
    fields = {"descr": [("a", "|O")], "fortran_order": False, "shape": (1,)}
    np.lib.format.write_array_header_1_0(header, fields)
    with zipfile.ZipFile(tmp_path / "evil.npz", "w") as file:
        file.writestr("x.npy", header.getvalue() + pointers(addresses=b"\x41" * 8))
    with pytest.raises(DataError, match="objects inside of records"):
        read_arrays(tmp_path / "evil.npz", ("x",))


ROWS = st.lists(st.lists(st.integers(0, 2**31 - 1), max_size=20), min_size=1, max_size=8)


@settings(max_examples=examples(50), deadline=None)
@given(ROWS, st.sampled_from([2, 3, 4, 5]))
def test_what_is_read_is_what_was_pickled(rows: list[list[int]], protocol: int) -> None:
    array = np.fromiter(rows, object, len(rows))
    assert read_rows(pickle.dumps(array, protocol)) == (rows, (len(rows),), False)


CODES = st.sampled_from([opcode.code.encode("latin-1") for opcode in pickletools.opcodes])
PIECES = st.lists(CODES | st.binary(max_size=5) | st.just(ARRAY), max_size=30)


@settings(
    max_examples=examples(150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(PIECES.map(b"".join), st.binary(max_size=3), st.integers(0, 200))
def test_any_other_bytes_are_refused_or_read(pieces: bytes, middle: bytes, place: int) -> None:
    whole = of_lists(b"](K\x05M\x88\x13e](K\x07e", 2)
    for content in (pieces, whole[:place] + middle + whole[place:], whole[:place]):
        try:
            items, _, _ = read_rows(content)
        except ValueError:
            continue
        assert all(type(n) is int for row in items for n in (row if type(row) is list else [row]))
