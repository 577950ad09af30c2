import os
import subprocess
import sys

import pytest

from rcnn_sweep.process.identity import ProcessId, is_dead


def test_a_process_is_alive_until_it_has_ended() -> None:
    code = "from rcnn_sweep.process import ProcessId; print(ProcessId.own(), flush=True); input()"
    words = [sys.executable, "-c", code]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as child:
        assert child.stdout is not None
        name = ProcessId.parse(child.stdout.readline())
        assert name.pid == child.pid
        assert name.is_alive() is True
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert name.is_alive() is False, "a zombie"
    assert name.is_alive() is False


def test_a_process_is_known_by_its_start_its_boot_and_its_container() -> None:
    own = ProcessId.own()
    host, boot, namespace = own.machine.rsplit("/", 2)
    assert ProcessId.parse(str(own)) == own
    assert not is_dead(str(own))
    assert is_dead(f"{own.machine}:{own.pid}:1.00"), "the same process id, used again"
    assert is_dead(f"{host}/earlier/{namespace}:{own.pid}:{own.started}"), "before a restart"
    assert not is_dead(f"{host}/{boot}/4711:{own.pid}:1.00"), "another container of this machine"
    assert not is_dead(f"elsewhere/{boot}/{namespace}:{own.pid}:1.00")


@pytest.mark.parametrize("name", ["nonsense", "host:12:1.0", "unknown:0:0", "a:b:c"])
def test_a_name_that_is_none_is_never_known_to_be_dead(name: str) -> None:
    assert not is_dead(name)
