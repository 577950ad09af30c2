"""A file is whole or not there, whatever ends the writing of it."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from rcnn_sweep.process import replacing, write_whole


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "it's a file"
    write_whole(target, "first")
    write_whole(target, "ä second, longer text")
    assert target.read_text(encoding="utf-8") == "ä second, longer text"
    assert list(tmp_path.iterdir()) == [target]


def test_a_block_that_raises_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "kept"
    write_whole(target, "before")
    with pytest.raises(ValueError, match="half way"), replacing(target) as file:
        file.write(b"half")
        raise ValueError("half way")
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


def test_a_killed_writer_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "kept"
    write_whole(target, "before")
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from rcnn_sweep.process import replacing\n"
        "with replacing(Path(sys.argv[1])) as file:\n"
        "    file.write(b'half'); file.flush(); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(target)])
    assert done.returncode == -signal.SIGKILL
    assert target.read_text() == "before"


def test_a_new_file_has_the_rights_that_the_umask_leaves(tmp_path: Path) -> None:
    earlier = os.umask(0o027)
    try:
        write_whole(tmp_path / "file", "text")
    finally:
        os.umask(earlier)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


def test_a_link_planted_in_the_place_of_the_file_is_replaced_not_followed(tmp_path: Path) -> None:
    victim, target = tmp_path / "victim", tmp_path / "target"
    victim.write_text("untouched")
    target.symlink_to(victim)
    write_whole(target, "new")
    assert victim.read_text() == "untouched"
    assert target.read_text() == "new" and not target.is_symlink()
