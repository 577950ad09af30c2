"""The references that a report will need, trained while the last trials of its study still run.

``python -m rcnn_sweep.application.ahead`` is what the driver starts when its last trials begin: a
process of its own, which is told the data on standard input and ends when that closes, as it does
with the driver. What it finds is in the data cache when the report asks for it; what it fails at,
the report meets again, and tells.
"""

import os
import pickle
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rcnn_sweep.data import DataConfig
from rcnn_sweep.process import import_path

if TYPE_CHECKING:
    from rcnn_sweep.report import Split

NICENESS, FIRST_TO_DIE = 10, "1000"
"""How far it steps back behind the trials, for a core and, on Linux, where memory runs out."""


class ReferencesAhead:
    """At most one such process."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, data: DataConfig, judged: "Split") -> None:
        """Train the references of ``data`` as :func:`rcnn_sweep.training.train_references` does."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rcnn_sweep.application.ahead"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": import_path()},
            start_new_session=True,  # a Ctrl-C is its driver's to answer
        )
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.write(pickle.dumps((data, judged)))
                self._process.stdin.flush()

    def finish(self) -> None:
        """Wait until it is done, if it was started; a signal that ends the wait ends it, too."""
        if self._process is not None:
            try:
                self._process.wait()
            finally:
                self.stop()

    def stop(self) -> None:
        """End it, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def main() -> None:
    """Train what standard input asks for."""
    data, judged = pickle.load(sys.stdin.buffer)  # noqa: S301  our own parent process
    threading.Thread(target=_attend, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(FIRST_TO_DIE)
    from rcnn_sweep.training import train_references

    train_references(data, judged)


def _attend() -> None:
    """End with the driver."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)


if __name__ == "__main__":
    main()
