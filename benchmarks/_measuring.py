"""What the measurements share: their options, a call timed, and a command with all it starts."""

import argparse
import os
import resource
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]


class Timed(NamedTuple):
    """Wall and CPU seconds of a command, and what it printed."""

    wall: float
    cpu: float
    output: str


def options(doc: str | None) -> argparse.ArgumentParser:
    """Give a parser whose help is the script's own description, as it is written."""
    return argparse.ArgumentParser(description=doc, formatter_class=argparse.RawTextHelpFormatter)


def options_with_data(doc: str | None) -> argparse.ArgumentParser:
    """Give such a parser with ``--data``, the archive in the Keras layout."""
    parser, known = options(doc), os.environ.get("IMDB")
    parser.add_argument(
        "--data", type=Path, default=known, required=not known, help="imdb.npz (default: $IMDB)"
    )
    return parser


def quickest(call: Callable[[], object], times: int) -> float:
    """Give the seconds of the quickest of ``times`` calls."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return min(taken)


def timed(command: Sequence[str], folder: Path, settings: Mapping[str, str] | None = None) -> Timed:
    """Run a command in ``folder`` with this checkout to import; one that fails ends the script."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **(settings or {})}
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if ended.returncode:
        raise SystemExit(f"{command} ended with {ended.returncode}:\n{ended.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Timed(time.monotonic() - began, cpu, ended.stdout)
