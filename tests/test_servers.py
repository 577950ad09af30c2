"""The tests' own servers end with the tests, whatever ends those."""

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest
from servers import needs_mariadb, needs_postgres

STARTED = """
import sys, time
from pathlib import Path
import servers
server = getattr(servers, sys.argv[1])(Path(sys.argv[2]))
server.set_up()
server.start()
pid = server.folder / "data" / "postmaster.pid" if sys.argv[1] == "Postgres" else None
print(pid.read_text().split()[0] if pid else server.process.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize(
    "kind",
    [pytest.param("MariaDB", marks=needs_mariadb), pytest.param("Postgres", marks=needs_postgres)],
)
def test_a_server_ends_with_the_process_that_started_it(kind: str, number: signal.Signals) -> None:
    folder = Path(tempfile.mkdtemp(prefix="rcnn-"))  # a socket's path is short, and not private
    process = subprocess.Popen(
        [sys.executable, "-c", STARTED, kind, str(folder)],
        cwd=Path(__file__).parent,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    server = psutil.Process(int(process.stdout.readline()))
    assert server.is_running()
    process.send_signal(number)
    process.communicate()
    deadline = time.monotonic() + 30
    while (server.is_running() and server.status() != "zombie") or folder.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
