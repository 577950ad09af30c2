"""The real application at work in a directory of its own, to be killed, locked out and starved."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from forked import ForkedScript
from optuna.trial import FrozenTrial, TrialState
from random_kills import OVER, trials_of
from small import HANGS, ROOT, command_line, environment, table_rows, write_table

KILLED_AT = Path(__file__).parent / "killed_at.py"

SMALL = (
    *("data=table", "data.path=reviews.csv", "data.maxlen=12", "embedding.output_dim=4"),
    *("conv.filters=4", "conv.kernel_size=3", "lstm.units=4", "training.epochs=1"),
    *("training.batch_size=32", "tracking.log_model=false"),
)
SWEEP = (
    *("-m", *SMALL, "hydra.sweeper.study_name=s", "hydra.sweeper.pruner.name=none"),
    "hydra.sweeper.reuse_duplicates=false",
)


@dataclass
class Workplace:
    """A directory with a small table, its processes, and what the two stores say."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    def start(self, *words: str, killed_at: str | None = None) -> "subprocess.Popen[str]":
        program = command_line(*words)
        if killed_at is not None:
            program = [sys.executable, str(KILLED_AT), killed_at, *words]
        path = {"PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
        return ForkedScript(
            program,
            cwd=self.folder,
            env={**environment(self.folder.parent / "cache"), **path, **self.settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def run(self, *words: str, code: int = 0, killed_at: str | None = None) -> str:
        process = self.start(*words, killed_at=killed_at)
        out, err = process.communicate(timeout=HANGS)
        assert process.returncode == code, out + err
        return out + err

    def trials(self, *states: TrialState) -> list[FrozenTrial]:
        return trials_of(self.folder / "studies.db", *states)

    def runs(self, kind: str) -> dict[str, Any]:
        import mlflow

        client = mlflow.MlflowClient(f"sqlite:///{self.folder / 'mlflow.db'}")
        found = client.get_experiment_by_name("rcnn_sweep")
        query = f"tags.`rcnn_sweep.kind` = '{kind}'"
        runs = client.search_runs([found.experiment_id], query, max_results=1000) if found else []
        return {run.info.run_id: run for run in runs}

    def wait_until(self, process: "subprocess.Popen[str]", condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 120
        while not condition():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.05)

    def check_that_both_stores_agree(self, n_trials: int) -> None:
        """Exactly ``n_trials`` results, each with one finished run; nothing runs or is doubled."""
        over = self.trials(*OVER)
        assert len(over) == n_trials
        assert not self.trials(TrialState.RUNNING, TrialState.WAITING)
        slots = [trial.user_attrs["slot"] for trial in over]
        assert sorted(slots) == list(range(n_trials))
        children = self.runs("trial")
        assert "RUNNING" not in {run.info.status for run in children.values()}
        for trial in over:
            run = children[trial.user_attrs["mlflow_run_id"]]
            assert run.info.status == "FINISHED"
            assert run.data.metrics["val_accuracy"] == pytest.approx(trial.value)
            assert run.data.tags["rcnn_sweep.trial"] == str(trial.number)
        complete = [r for r in children.values() if r.data.tags["rcnn_sweep.state"] == "complete"]
        assert len(complete) == n_trials
        [parent] = self.runs("study").values()
        assert parent.info.status == "FINISHED"


@pytest.fixture
def place(tmp_path: Path, migrated_database: Path) -> Workplace:
    folder = tmp_path / "work"
    folder.mkdir()
    shutil.copy(migrated_database, folder / "mlflow.db")
    write_table(folder / "reviews.csv", table_rows(120))
    return Workplace(folder)


@pytest.fixture
def fresh(tmp_path: Path) -> Workplace:
    """A checkout in which nothing has run yet: no database, no cache."""
    folder = tmp_path / "work"
    folder.mkdir()
    write_table(folder / "reviews.csv", table_rows(120))
    return Workplace(folder)
