import io
import pickle
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rcnn_sweep.data import archive
from rcnn_sweep.data.archive import read_arrays
from rcnn_sweep.errors import DataError

NAMES = ("x_train", "y_train", "x_test", "y_test")


class Hostile:
    def __init__(self, command: list[str]) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, ...]:
        return subprocess.check_call, (self.command,)


def with_member(path: Path, name: str, content: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(f"{name}.npy", content)
    return path


def object_array(payload: bytes, shape: tuple[int, ...] = (1,)) -> bytes:
    header = io.BytesIO()
    fields = {"descr": "|O", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, fields)
    return header.getvalue() + payload


def test_ragged_and_plain_arrays_are_read_as_numpy_reads_them(
    tmp_path: Path, write_archive: Callable[..., Path]
) -> None:
    path = write_archive(tmp_path / "a.npz")
    ours = read_arrays(path, NAMES)
    with np.load(path, allow_pickle=True) as theirs:
        for name in NAMES:
            assert ours[name].tolist() == theirs[name].tolist()


def test_old_pickles_with_encoded_bytes_are_read(tmp_path: Path) -> None:
    payload = pickle.dumps(np.array([[1, 2], 3], object), protocol=2)
    payload = payload.replace(b"numpy._core", b"numpy.core")
    path = with_member(tmp_path / "old.npz", "x", object_array(payload, (2,)))
    assert read_arrays(path, ("x",))["x"].tolist() == [[1, 2], 3]
    assert b"_codecs" in payload


def test_hostile_pickle_is_refused_and_not_executed(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    payload = pickle.dumps(np.array([Hostile(["touch", str(trace)])], object))
    path = with_member(tmp_path / "hostile.npz", "x", object_array(payload))
    with pytest.raises(
        DataError, match=r"hostile.npz, received another file: it asks for subprocess.check_call"
    ):
        read_arrays(path, ("x",))
    assert not trace.exists()


def test_other_codecs_are_refused(tmp_path: Path) -> None:
    payload = b"c_codecs\nencode\n(U\x01aU\x05rot13tR."
    path = with_member(tmp_path / "codec.npz", "x", object_array(payload))
    with pytest.raises(DataError, match="codec 'rot13'"):
        read_arrays(path, ("x",))


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_truncated_archive_names_the_file(
    tmp_path: Path, write_archive: Callable[..., Path], kept: float
) -> None:
    path = write_archive(tmp_path / "a.npz")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    with pytest.raises(DataError, match=r"a\.npz, received .*\nReplace the file"):
        read_arrays(path, NAMES)


@pytest.mark.parametrize("place", range(60, 1000, 97))
def test_damaged_bytes_never_raise_anything_else(
    tmp_path: Path, write_archive: Callable[..., Path], place: int
) -> None:
    path = write_archive(tmp_path / "a.npz")
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= 0xFF
    path.write_bytes(content)
    try:
        read_arrays(path, NAMES)
    except DataError as error:
        assert "a.npz" in str(error)


def test_missing_array_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x_train=np.zeros(1))
    with pytest.raises(DataError, match="y_train is missing"):
        read_arrays(tmp_path / "a.npz", NAMES)


def test_member_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBER_BYTES", 10_000)
    np.savez_compressed(tmp_path / "bomb.npz", x=np.zeros(10_000))
    with pytest.raises(DataError, match=r"unpack to 80,128 bytes \(limit 10,000\)"):
        read_arrays(tmp_path / "bomb.npz", ("x",))


def test_pickle_that_is_not_the_stated_array_is_refused(tmp_path: Path) -> None:
    path = with_member(tmp_path / "a.npz", "x", object_array(pickle.dumps([1, 2]), (2,)))
    with pytest.raises(DataError, match="its pickle is not an array"):
        read_arrays(path, ("x",))


def test_a_pickle_of_another_shape_than_the_header_states_is_refused(tmp_path: Path) -> None:
    content = object_array(pickle.dumps(np.array([[1], 2], object)), (3,))
    path = with_member(tmp_path / "a.npz", "x", content)
    with pytest.raises(DataError, match=r"not an array of the shape \(3,\)"):
        read_arrays(path, ("x",))
