"""Python programs as processes of their own, forked from one that has imported what they need.

Starting Python, Hydra and Optuna takes longer than a small sweep, TensorFlow and MLflow longer than
a small training. :class:`Forked` is a ``subprocess.Popen`` without that: a process with its own id,
output, environment and directory, the program as its ``__main__``, and an end like any other. It is
put in place of ``subprocess.Popen`` (:func:`install`), here and in what it forks: so ``python -m
rcnn_sweep`` and a sweep's workers are forked wherever they are started. All else starts as ever,
and so do they where the environment has what Python or a library reads as it is imported.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

ENGINE = (
    *("hydra", "optuna", "sqlalchemy.orm", "alembic.command", "rich.live", "cloudpickle"),
    *("rcnn_sweep.sweep.sweeper", "rcnn_sweep.sweep.closing", "rcnn_sweep.sweep.workers"),
    "hydra_plugins.hydra_optuna_async_sweeper.optuna_async_sweeper",
)
APPLICATION = (
    *("mlflow.store.tracking.sqlalchemy_store", "mlflow.store.db_migrations", "mlflow.pyfunc"),
    *("pandas", "pyarrow.csv", "sklearn.pipeline", "sklearn.linear_model", "sklearn.multiclass"),
    *("sklearn.feature_extraction.text", "matplotlib.pyplot", "jinja2.defaults"),
    *("rcnn_sweep.cli.program", "rcnn_sweep.training.experiment", "rcnn_sweep.application.report"),
    "rcnn_sweep.training.reference",
)
LAUNCHERS = (
    "hydra_plugins.hydra_submitit_launcher.submitit_launcher",
    "hydra_plugins.hydra_ray_launcher.ray_launcher",
)
MODULES = ("rcnn_sweep", "rcnn_sweep.sweep.workers.child", "rcnn_sweep.application.ahead")
"""What is forked, as ``python -m MODULE``."""

LARGEST = 1 << 20
"""Bytes that a request may have: words and environment."""

PYTHON = sys.executable
ROOT = Path(__file__).resolve().parents[1]
SETTINGS = dict(os.environ)
"""The environment in which what is forked has been imported."""

READ_EARLY = ("PYTHON", "TF_", "KERAS_", "MPL", "LANG", "LC_", "CUDA_")
READ_LATE = ("PYTHONPATH", "TF_CPP_MIN_LOG_LEVEL", "TF_FORCE_GPU_ALLOW_GROWTH", "TF_NUM_")

_origin: list[str] = []
"""Where this process was forked from; what it starts is forked there, too."""


class Forked(subprocess.Popen[Any]):
    """A process that is forked where it can be; ``with_apps`` takes ``[python, script]``, too.

    As with any child its end is seen by who waits for it; that is asked of a process in between.
    """

    with_apps = False
    with_application = True
    answers: socket.socket | None = None

    def _execute_child(self, args: Any, *given: Any) -> None:  # type: ignore[override]
        folder, environment, pipes, is_leader = given[4], given[5], given[9:15], given[20]
        folder = os.fspath(folder or Path.cwd())
        environment = dict(os.environ if environment is None else environment)
        program = None if given[1] or given[3] else self._program(args, folder, environment)
        if program is None:
            super()._execute_child(args, *given)
            return
        asked = {"words": program, "folder": folder, "environment": environment}
        self.answers = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.answers.connect(_origin[0] if _origin else _server(self.with_application))
        with Path(os.devnull).open() as nothing:
            inherited = (nothing.fileno(), 1, 2)
            wanted = (pipes[0], pipes[3], pipes[5])
            own = [at if at >= 0 else kept for at, kept in zip(wanted, inherited, strict=True)]
            request = json.dumps({**asked, "is_leader": bool(is_leader)}).encode()
            socket.send_fds(self.answers, [request], own)
            self.pid = int(self.answers.recv(64))
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]

    def _program(self, args: Any, folder: str, environment: Mapping[str, str]) -> list[str] | None:
        """Give the words after ``python`` where the program can be forked."""
        if isinstance(args, str | bytes | os.PathLike) or len(args) < 2:
            return None
        python, *words = map(os.fspath, args)
        is_module = words[0] == "-m" and words[1] in MODULES and _is_ours(folder, environment)
        is_app = self.with_apps and words[0].endswith(".py")
        if python != PYTHON or not (is_module or is_app) or not Path(folder).is_dir():
            return None
        return words if read_early(environment) == read_early(SETTINGS) else None

    def _internal_poll(self, *given: Any, **named: Any) -> int | None:
        if self.answers is None:
            return super()._internal_poll(*given, **named)  # type: ignore[misc, no-any-return]
        if self.returncode is None and select.select([self.answers], [], [], 0)[0]:
            self.returncode = int(self.answers.recv(64) or b"-9")
            self.answers.close()
        return self.returncode

    def _wait(self, timeout: float | None) -> int:
        if self.answers is None:
            return super()._wait(timeout)  # type: ignore[misc, no-any-return]
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self._internal_poll()) is None:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            select.select([self.answers], [], [], left)
        return code


class ForkedScript(Forked):
    """The same of ``[python, script, *words]``."""

    with_apps = True


class ForkedApp(ForkedScript):
    """The same of an app that needs the sweeper alone."""

    with_application = False


def _is_ours(folder: str, environment: Mapping[str, str]) -> bool:
    """Say whether ``import rcnn_sweep`` finds this checkout there, and no copy of it."""
    places = [folder, *environment.get("PYTHONPATH", "").split(os.pathsep)]
    found = (Path(place, "rcnn_sweep") for place in places if place)
    first = next((path for path in found if path.is_dir()), ROOT / "rcnn_sweep")
    return first.resolve() == ROOT / "rcnn_sweep"


def read_early(environment: Mapping[str, str]) -> dict[str, str]:
    """Give what a running program would not notice of an environment."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(READ_EARLY) and not name.startswith(READ_LATE)
    }


def restore() -> None:
    """Undo what this process has set of that, such as the GPU on which it reproduced a run."""
    for name in read_early(os.environ):
        if name not in SETTINGS:
            del os.environ[name]
    os.environ.update(read_early(SETTINGS))


def install() -> None:
    """Have processes of this one be forked where they can be."""
    subprocess.Popen = Forked  # type: ignore[misc]


@cache
def _server(with_application: bool) -> str:
    """Start the process to fork from; gives its address. It ends with this process."""
    folder = tempfile.TemporaryDirectory(prefix="forked-")
    address = str(Path(folder.name, "socket"))
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listening.bind(address)
    listening.listen()
    os.set_inheritable(listening.fileno(), True)
    words = [str(listening.fileno()), address, *(["application"] if with_application else [])]
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3"}  # what TensorFlow says as it is imported
    server = subprocess.Popen(
        [PYTHON, __file__, *words],
        stdin=subprocess.PIPE,
        pass_fds=[listening.fileno()],
        cwd=folder.name,
        env={**SETTINGS, **quiet, "OMP_NUM_THREADS": "1", "PYTHONPATH": _path()},
    )
    listening.close()

    def end() -> None:
        server.kill()
        server.communicate()
        folder.cleanup()

    atexit.register(end)
    return address


def _path() -> str:
    return os.pathsep.join([str(ROOT), *sys.path])


def preload(libraries: Iterable[str]) -> None:
    """Import these and, where they are installed, the launchers that Hydra looks for."""
    for name in libraries:
        importlib.import_module(name)
    for name in LAUNCHERS:
        with suppress(ModuleNotFoundError):
            importlib.import_module(name)


def main(listener: str, address: str, *kind: str) -> None:
    """Fork a program for each request until standard input ends."""
    preload((*ENGINE, *(APPLICATION if kind else ())))
    os.environ.pop("TF_CPP_MIN_LOG_LEVEL", None)
    _origin.append(address)
    install()
    listening = socket.socket(fileno=int(listener))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()  # what is shared stays shared
    while listening in select.select([listening, sys.stdin], [], [])[0]:
        asking, _ = listening.accept()
        request, descriptors, *_ = socket.recv_fds(asking, LARGEST, 3)
        if not os.fork():
            listening.close()
            _watch(asking, json.loads(request), descriptors)
        asking.close()
        for descriptor in descriptors:
            os.close(descriptor)


def _watch(asking: socket.socket, request: Mapping[str, Any], descriptors: list[int]) -> NoReturn:
    """Be the program's parent: tell how it ended. It tells its id itself."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if not child:
        if request["is_leader"]:
            os.setsid()
        asking.send(str(os.getpid()).encode())
        asking.close()
        _be(request["words"], request["folder"], request["environment"], descriptors)
    for descriptor in (*descriptors, 0, 1, 2):
        os.close(descriptor)
    _, status = os.waitpid(child, 0)
    with suppress(OSError):
        asking.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _be(
    words: list[str], folder: str, environment: dict[str, str], descriptors: list[int]
) -> NoReturn:
    """Be the program."""
    for place, descriptor in enumerate(descriptors):
        os.dup2(descriptor, place)
    for descriptor in descriptors:
        os.close(descriptor)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.orig_argv[:] = [PYTHON, *words]
    more = list(filter(None, environment.get("PYTHONPATH", "").split(os.pathsep)))
    if words[0] == "-m":
        sys.argv[:] = ["-m", *words[2:]]
        sys.path[:] = [folder, *more, *sys.path[1:]]
        sys.modules.pop(words[1] if "." in words[1] else f"{words[1]}.__main__", None)
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
        sys.exit()
    script = words[0]
    sys.argv[:] = words
    sys.path[:] = [str(Path(script).parent), *more, *sys.path[1:]]
    program = ModuleType("__main__")
    program.__file__ = script
    sys.modules["__main__"] = program
    source = Path(script).read_text(encoding="utf-8")
    exec(compile(source, script, "exec"), program.__dict__)
    sys.exit()


if __name__ == "__main__":
    main(*sys.argv[1:])
