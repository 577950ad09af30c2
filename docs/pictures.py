"""The pictures of README and docs, made from a real sweep: a terminal's recording and the report.

    make pictures

Sweeps over the snippets (20 trials, some minutes) in ``build/pictures``, in a terminal of its own
(pyte plays it), refits the winner, and has headless Chromium photograph the report. What a step
has made is kept and not made again; ``rm -r build/pictures`` begins anew. Each picture is made
for light and for dark pages.
"""

import codecs
import json
import os
import pty
import struct
import sys
import termios
import time
from collections.abc import Sequence
from fcntl import ioctl
from pathlib import Path

PLACE = Path("build/pictures")
TARGET = Path(__file__).parent / "pictures"
COLUMNS, LINES = 104, 30
STUDY = "snippets"
SWEEP = ["-m", "data=snippets", "hydra.sweeper.n_trials=20", f"hydra.sweeper.study_name={STUDY}"]
REFIT = ["refit", STUDY, "--seeds", "3"]


def main() -> None:
    """Make what is missing."""
    PLACE.mkdir(parents=True, exist_ok=True)
    TARGET.mkdir(exist_ok=True)
    sweep = PLACE / "sweep.cast"
    if not sweep.exists():
        record([sys.executable, "-m", "rcnn_sweep", *SWEEP], sweep)
    if not (PLACE / "refit.cast").exists():
        record([sys.executable, "-m", "rcnn_sweep", *REFIT], PLACE / "refit.cast")


def record(command: Sequence[str], target: Path) -> None:
    """Run ``command`` in a terminal; keep what it writes as ``[seconds, text]``, a line each."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(PLACE)
        os.execvpe(command[0], command, {**os.environ, "TERM": "xterm-256color"})
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    started, written = time.monotonic(), []
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while piece := _piece(terminal):
        seconds = round(time.monotonic() - started, 2)
        written.append(json.dumps([seconds, decoder.decode(piece)]))
    _, status = os.waitpid(process, 0)
    if code := os.waitstatus_to_exitcode(status):
        sys.exit(f"{' '.join(command)}: expected exit code 0; received {code}.")
    target.write_text("\n".join(written) + "\n", encoding="utf-8")


def _piece(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # Linux's way to say that the other end is closed
        return b""


if __name__ == "__main__":
    main()
