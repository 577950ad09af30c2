"""The examples of docs/extending.md, applied to a copy of the project as they are printed."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import mlflow
import optuna
import pytest
from small import ROOT, SMALL_NETWORK, environment, table_rows, write_table

PIECE = re.compile(r"^(?:`([\w./]+)`\n\n)?```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """A section of the page: what is to be written or changed, and the command that uses it."""

    title: str
    files: dict[str, str]
    changes: dict[str, str]
    command: str

    @classmethod
    def of(cls, section: str) -> "Example":
        title, _, text = section.partition("\n")
        found = PIECE.findall(text)
        [command] = [body.strip() for _, kind, body in found if kind == "sh"]
        return cls(
            title,
            {path: body for path, kind, body in found if path and kind != "diff"},
            {path: body for path, kind, body in found if path and kind == "diff"},
            command,
        )


PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
EXAMPLES = {e.title: e for e in map(Example.of, re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:])}


def changed(text: str, diff: str) -> str:
    """Apply a diff whose hunks, parted by ``@@``, are found by their context."""
    for hunk in re.split(r"^@@\n", diff, flags=re.MULTILINE):
        lines = hunk.splitlines()
        before = "\n".join(line[1:] for line in lines if line[:1] != "+")
        after = "\n".join(line[1:] for line in lines if line[:1] != "-")
        assert text.count(before) == 1, f"not there, or not once:\n{before}"
        text = text.replace(before, after)
    return text


@pytest.fixture
def copy(tmp_path: Path, migrated_database: Path) -> Path:
    """A copy of the project with a directory ``work`` to run it in."""
    project = tmp_path / "project"
    for folder in ("rcnn_sweep", "hydra_plugins", "conf"):
        shutil.copytree(ROOT / folder, project / folder)  # with what is compiled: it is as new
    work = project / "work"
    work.mkdir()
    shutil.copy(migrated_database, work / "mlflow.db")
    rows = table_rows(120)
    write_table(work / "reviews.csv", rows)
    lines = [f"__label__{label} {text}" for text, label in rows]
    (work / "reviews.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return project


def run(example: Example, project: Path, *more: str) -> str:
    """Apply the example and run its command on small data; gives what was printed."""
    for path, text in example.files.items():
        inside = path.startswith(("rcnn_sweep/", "conf/"))
        (project / path if inside else project / "work" / path).write_text(text, encoding="utf-8")
    for path, diff in example.changes.items():
        file = project / path
        file.write_text(changed(file.read_text(encoding="utf-8"), diff), encoding="utf-8")
    words = example.command.split()
    assert words[:3] == ["python", "-m", "rcnn_sweep"]
    done = subprocess.run(
        [sys.executable, *words[1:], *SMALL_NETWORK, *more],
        cwd=project / "work",
        env={**environment(project / "cache"), "PYTHONPATH": os.fspath(project)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def metrics(project: Path, kind: str) -> dict[str, float]:
    client = mlflow.MlflowClient(f"sqlite:///{project / 'work' / 'mlflow.db'}")
    ids = [e.experiment_id for e in client.search_experiments()]
    found = client.search_runs(ids, f"tags.`rcnn_sweep.kind` = '{kind}'")
    assert {run.info.status for run in found} == {"FINISHED"}
    return dict(found[0].data.metrics)


def test_every_example_of_the_page_is_run_here() -> None:
    assert list(EXAMPLES) == [
        "A network option: wider windows",
        "A data source",
        "A metric",
        "A sampler",
    ]


@pytest.mark.slow
def test_a_network_option(copy: Path) -> None:
    run(EXAMPLES["A network option: wider windows"], copy)
    # Embedding, convolution, an LSTM of 8 units with 8 inputs, one dense unit.
    lstm = 4 * (8 * 8 + 8 * 8 + 8)
    assert metrics(copy, "run")["parameters"] == 5000 * 8 + (5 * 8 * 8 + 8) + lstm + 9
    [summary] = (copy / "work").rglob("model/summary.txt")
    assert "(None, 4, 8)" in summary.read_text(encoding="utf-8")  # 12 - 2 * (5 - 1) steps
    for words, told in (
        (("conv.dilation=5", "data.maxlen=20"), "(20 to 0 steps)"),
        (("conv.dilation=2", "conv.strides=2"), "expected 1 with conv.strides above 1"),
    ):
        refused = subprocess.run(
            [sys.executable, "-m", "rcnn_sweep", *words],
            cwd=copy / "work",
            env={**environment(copy / "cache"), "PYTHONPATH": os.fspath(copy)},
            capture_output=True,
            text=True,
        )
        assert refused.returncode == 2 and told in refused.stderr


@pytest.mark.slow
def test_a_data_source(copy: Path) -> None:
    assert "line 3: expected __label__NAME" not in run(EXAMPLES["A data source"], copy)
    found = metrics(copy, "run")
    assert 0.5 < found["test_accuracy"] <= 1
    shown = subprocess.run(
        [sys.executable, "-m", "rcnn_sweep", "--help"],
        env={**environment(copy / "cache"), "PYTHONPATH": os.fspath(copy)},
        cwd=copy / "work",
        capture_output=True,
        text=True,
    ).stdout
    assert "data=fasttext             Your own texts in fastText's format" in shown


@pytest.mark.slow
def test_a_metric(copy: Path) -> None:
    options = ("hydra.sweeper.n_trials=2", "hydra.sweeper.workers=1")
    out = run(EXAMPLES["A metric"], copy, *options, "hydra.sweeper.study_name=s")
    assert "val_matthews=" in out
    assert -1 <= metrics(copy, "trial")["val_matthews"] <= 1
    storage = f"sqlite:///{copy / 'work' / 'studies.db'}"
    for trial in optuna.load_study(study_name="s", storage=storage).trials:
        assert list(trial.intermediate_values) == [1, 2]


@pytest.mark.slow
def test_a_sampler(copy: Path) -> None:
    options = ("hydra.sweeper.n_trials=4", "hydra.sweeper.workers=1", "training.epochs=1")
    wide = ("conv.filters=16", "lstm.units=16", "hydra.sweeper.study_name=s")
    run(EXAMPLES["A sampler"], copy, *options, *wide)
    storage = f"sqlite:///{copy / 'work' / 'studies.db'}"
    trials = optuna.load_study(study_name="s", storage=storage).trials
    assert len(trials) == 4
    for trial in trials[1:]:
        assert trial.params["conv.filters"] % 8 == trial.params["lstm.units"] % 8 == 0
