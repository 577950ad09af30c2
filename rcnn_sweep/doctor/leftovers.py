"""What earlier runs left: records of an old kind, runs that nobody runs, times in the future."""

import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rcnn_sweep.doctor.finding import Findings, note, ok, problem
from rcnn_sweep.doctor.stores import tracking_database
from rcnn_sweep.process import command, is_dead, module_command
from rcnn_sweep.tracking import RUNNING

NEWEST = "SELECT max(start_time) FROM runs"
AHEAD_SECONDS = 60
OLDEST = datetime(2026, 1, 1, tzinfo=UTC)


def legacy() -> Findings:
    """Look for records of MLflow's old file store, which it no longer reads."""
    old = sorted(Path("mlruns").glob("*/meta.yaml"))
    if old:
        words = ("migrate-filestore", "--source", ".", "--target", "sqlite:///migrated.db")
        migrate = module_command("mlflow", *words)
        yield note(
            f"{len(old)} experiments of MLflow's old file store in mlruns stop a bare `mlflow ui`",
            f"{migrate}, then remove mlruns/*/meta.yaml; the artifacts beside them stay in use.",
        )


def dead_runs() -> Findings:
    """Look for runs that say RUNNING though their process is gone."""
    running = _rows(RUNNING)
    dead = [run_id for run_id, _, process in running if is_dead(str(process))]
    if dead:
        yield note(
            f"{len(dead)} runs say RUNNING but their process is gone: {', '.join(dead[:3])}",
            f"{command('studies', '--reap')} ends them, as does the next run there.",
        )
    if alive := len(running) - len(dead):
        yield ok(f"{alive} runs are running")


def clock() -> Findings:
    """Compare the clock with the records, which are put in order by it."""
    now = time.time()
    newest = next((row[0] for row in _rows(NEWEST) if row[0]), 0) / 1000
    shown = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    if now < OLDEST.timestamp():
        yield problem(f"the clock says {shown}", "Set it: certificates and records depend on it.")
    elif newest > now + AHEAD_SECONDS:
        ahead = f"the newest run began {newest - now:.0f} s later than now ({shown})"
        yield note(ahead, "Set the clock: MLflow orders runs by it.")
    else:
        yield ok(f"clock: {shown}")


def _rows(query: str) -> list[Any]:
    file = tracking_database()
    if file is None or not file.is_file():
        return []
    try:
        address = f"{file.as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=0.5)) as connection:
            return connection.execute(query).fetchall()
    except sqlite3.Error:  # told by the store's own check
        return []
