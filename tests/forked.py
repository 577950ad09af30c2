"""Python programs as processes of their own, forked from one that has imported what they need.

Starting Python, Hydra, Optuna and SQLAlchemy takes longer than a small sweep. :class:`Forked` is a
``subprocess.Popen`` of ``[python, script, *words]`` without that: a process with its own id, its
own output, environment and directory, the script as its ``__main__``, and an end like any other.
"""

import atexit
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

LIBRARIES = (
    *("hydra", "optuna", "sqlalchemy.orm", "alembic.command", "rich.live", "cloudpickle"),
    *("rcnn_sweep.sweep.sweeper", "rcnn_sweep.sweep.closing", "rcnn_sweep.sweep.workers"),
    "hydra_plugins.hydra_optuna_async_sweeper.optuna_async_sweeper",
)
LAUNCHERS = (
    "hydra_plugins.hydra_submitit_launcher.submitit_launcher",
    "hydra_plugins.hydra_ray_launcher.ray_launcher",
)
LARGEST = 1 << 20
"""Bytes that a request may have: words and environment."""


class Forked(subprocess.Popen[str]):
    """A program that is forked instead of started; ``args`` are Python, a script and its words.

    As with any child its end is seen by who waits for it; that is asked of a process in between.
    """

    answers: socket.socket

    def _execute_child(self, args: Sequence[str], *given: Any) -> None:  # type: ignore[override]
        folder, environment, pipes = given[4], given[5], given[9:15]
        self.answers = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.answers.connect(_server())
        asked = {"words": [*args[1:]], "folder": str(folder), "environment": dict(environment)}
        socket.send_fds(self.answers, [json.dumps(asked).encode()], [pipes[3], pipes[5]])
        self.pid = int(self.answers.recv(64))
        self._child_created = True
        self._close_pipe_fds(*pipes)

    def _internal_poll(self, *_: Any, **__: Any) -> int | None:
        if self.returncode is None and select.select([self.answers], [], [], 0)[0]:
            self.returncode = int(self.answers.recv(64) or b"-9")
            self.answers.close()
        return self.returncode

    def _wait(self, timeout: float | None) -> int:
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self._internal_poll()) is None:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            select.select([self.answers], [], [], left)
        return code


@cache
def _server() -> str:
    """Start the process to fork from; gives its address. It ends with this process."""
    folder = tempfile.TemporaryDirectory(prefix="forked-")
    address = str(Path(folder.name, "socket"))
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listening.bind(address)
    listening.listen()
    os.set_inheritable(listening.fileno(), True)
    server = subprocess.Popen(
        [sys.executable, __file__, str(listening.fileno())],
        stdin=subprocess.PIPE,
        pass_fds=[listening.fileno()],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    listening.close()

    def end() -> None:
        server.kill()
        server.communicate()
        folder.cleanup()

    atexit.register(end)
    return address


def preload(libraries: Iterable[str]) -> None:
    """Import these and, where they are installed, the launchers that Hydra looks for."""
    for name in libraries:
        importlib.import_module(name)
    for name in LAUNCHERS:
        with suppress(ModuleNotFoundError):
            importlib.import_module(name)


def main() -> None:
    """Fork a program for each request until standard input ends."""
    preload(LIBRARIES)
    listening = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()  # what is shared stays shared
    while listening in select.select([listening, sys.stdin], [], [])[0]:
        asking, _ = listening.accept()
        request, descriptors, *_ = socket.recv_fds(asking, LARGEST, 2)
        if not os.fork():
            listening.close()
            _watch(asking, json.loads(request), descriptors)
        asking.close()
        for descriptor in descriptors:
            os.close(descriptor)


def _watch(asking: socket.socket, request: Mapping[str, Any], descriptors: list[int]) -> NoReturn:
    """Be the program's parent: tell its id and how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if not child:
        asking.close()
        _be(descriptors=descriptors, **request)
    for descriptor in (*descriptors, 0, 1, 2):
        os.close(descriptor)
    asking.send(str(child).encode())
    _, status = os.waitpid(child, 0)
    with suppress(OSError):
        asking.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _be(
    words: list[str], folder: str, environment: dict[str, str], descriptors: list[int]
) -> NoReturn:
    """Be the program."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, place in zip((nothing, *descriptors), range(3), strict=True):
        os.dup2(descriptor, place)
        os.close(descriptor)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    script = words[0]
    sys.argv[:], sys.orig_argv[:] = words, [sys.executable, *words]
    more = environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:] = [str(Path(script).parent), *filter(None, more), *sys.path[1:]]
    program = ModuleType("__main__")
    program.__file__ = script
    sys.modules["__main__"] = program
    source = Path(script).read_text(encoding="utf-8")
    exec(compile(source, script, "exec"), program.__dict__)
    sys.exit()


if __name__ == "__main__":
    main()
