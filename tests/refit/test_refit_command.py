"""A refit as users call it: a small sweep, its refit, and more seeds later."""

import json
import subprocess
from pathlib import Path

import numpy as np
import optuna
import pytest
from small import command_line, environment, table_rows, write_table

from rcnn_sweep.sweep import read_study

SWEEP = [
    *("-m", "data=table", "data.path=reviews.csv", "data.maxlen=12", "embedding.output_dim=4"),
    *("conv.filters=4", "conv.kernel_size=3", "lstm.units=4", "training.epochs=2"),
    *("training.batch_size=16", "training.learning_rate=0.02", "hydra.sweeper.study_name=small"),
    *("hydra.sweeper.workers=1", "data.train_limit=80", "hydra.sweeper.n_trials=2"),
    *(
        "training.ema=null",
        "training.keep=best",
        "training.monitor=val_accuracy",
        "hydra.sweeper.pruner.name=none",
    ),
]


KIND = "rcnn_sweep.kind"


def run(folder: Path, *words: str, code: int = 0) -> str:
    done = subprocess.run(
        command_line(*words),
        cwd=folder,
        env=environment(folder / "cache"),
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stderr + done.stdout
    assert "Warning" not in done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def refitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder and the output of a sweep of two trials and its refit with two seeds."""
    folder = tmp_path_factory.mktemp("refit")
    write_table(folder / "reviews.csv", table_rows(200))
    run(folder, *SWEEP)
    return folder, run(folder, "refit", "--seeds", "2", "hydra.sweeper.workers=1")


def client(folder: Path):
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    return mlflow.MlflowClient()


def runs(folder: Path, query: str) -> list:
    return client(folder).search_runs(["1"], query)


def evidence(folder: Path) -> dict:
    [parent] = runs(folder, "tags.`rcnn_sweep.kind` = 'refit'")
    return json.loads((Path(parent.info.artifact_uri) / "refit" / "evidence.json").read_text())


@pytest.mark.slow
def test_a_refit_is_one_run_whose_children_are_full_runs(refitted: tuple[Path, str]) -> None:
    folder, output = refitted
    [parent] = runs(folder, "tags.`rcnn_sweep.kind` = 'refit'")
    assert parent.info.status == "FINISHED"
    assert parent.data.tags["rcnn_sweep.study"] == "small"
    assert parent.data.metrics["baseline/mean_test_accuracy"] > 0.5
    children = runs(
        *(folder, f"tags.`mlflow.parentRunId` = '{parent.info.run_id}' and tags.`{KIND}` = 'run'")
    )
    pairs = {
        (r.data.tags["rcnn_sweep.candidate"], r.data.tags["rcnn_sweep.seed"]) for r in children
    }
    assert pairs == {(name, seed) for name in ("baseline", "trial 1") for seed in "01"}
    for child in children:
        assert child.data.params["data.validation"] == "test"
        assert child.data.params["data.train_limit"] == "80", "the study's limits are kept"
        assert child.data.params["training.seed"] == child.data.tags["rcnn_sweep.seed"]
        artifacts = Path(child.info.artifact_uri)
        assert (artifacts / "evaluation" / "predictions.npz").exists()
        assert child.outputs.model_outputs, "the text model is logged"
    filters = {r.data.tags["rcnn_sweep.candidate"]: r.data.params["conv.filters"] for r in children}
    study = optuna.load_study(study_name="small", storage=f"sqlite:///{folder}/studies.db")
    swept = [str(trial.params["conv.filters"]) for trial in study.trials]
    assert filters == {"baseline": swept[0], "trial 1": swept[1]}
    assert evidence(folder)["sentence"] in output
    best = {
        str(trial.number): int(
            client(folder).get_run(trial.user_attrs["mlflow_run_id"]).data.metrics["best_epoch"]
        )
        for trial in study.trials
    }
    lengths = {
        r.data.tags["rcnn_sweep.candidate_trial"]: int(r.data.params["training.epochs"])
        for r in children
    }
    assert lengths == best
    assert {r.data.params["training.keep"] for r in children} == {"last"}
    assert f"decided them: baseline {best['0']}, trial 1 {best['1']}." in output


def test_the_evidence_is_what_the_runs_recorded(refitted: tuple[Path, str]) -> None:
    folder, _ = refitted
    found = evidence(folder)
    assert found["schema"] == 2 and found["seeds"] == [0, 1] and found["test_texts"] == 40
    assert found["looks"] == [{"seeds": 2, "candidates": [1], "pairs": 2}] and found["look"] == 1
    [parent] = runs(folder, "tags.`rcnn_sweep.kind` = 'refit'")
    picture = Path(parent.info.artifact_uri) / "refit" / "intervals.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    by_run = {run["run_id"]: run for arm in found["arms"] for run in arm["runs"]}
    assert len(by_run) == 4
    for run_id, listed in by_run.items():
        metrics = client(folder).get_run(run_id).data.metrics
        assert listed["accuracy"] == pytest.approx(metrics["test_accuracy"])
        assert listed["f1_macro"] == pytest.approx(metrics["test_f1_macro"])
    [compared] = found["comparisons"]
    assert compared["accuracy"]["mean"] == pytest.approx(
        found["arms"][1]["accuracy"]["mean"] - found["arms"][0]["accuracy"]["mean"]
    )
    assert compared["survival"]["validation_gain"] == pytest.approx(
        found["arms"][1]["validation"]["accuracy"] - found["arms"][0]["validation"]["accuracy"]
    )


def test_the_plain_references_are_arms_whose_predictions_are_recorded(
    refitted: tuple[Path, str],
) -> None:
    folder, output = refitted
    found = evidence(folder)
    recorded = {run.info.run_id: run for run in runs(folder, f"tags.`{KIND}` = 'reference'")}
    assert len(recorded) == 2 and {run.info.status for run in recorded.values()} == {"FINISHED"}
    truth = None
    for reference in found["references"]:
        [run_id] = {run["run_id"] for run in reference["runs"]}
        assert [run["seed"] for run in reference["runs"]] == [0, 1]
        file = Path(recorded[run_id].info.artifact_uri) / "evaluation" / "predictions.npz"
        with np.load(file) as stored:
            right = (stored["probabilities"].argmax(axis=1) == stored["truth"]).mean()
            assert truth is None or (truth == stored["truth"]).all()
            truth = stored["truth"]
        assert recorded[run_id].data.metrics["test_accuracy"] == pytest.approx(right)
        assert reference["accuracy"] == {"mean": pytest.approx(right), "std": 0.0}
    names = [reference["name"] for reference in found["references"]]
    pairs = [(one["name"], one["against"]) for one in found["measured"]]
    assert pairs == [(arm, name) for name in names for arm in ("baseline", "trial 1")]
    assert "trial 1 - TF-IDF with logistic regression" in output


@pytest.mark.slow
def test_more_seeds_later_train_only_what_is_missing(refitted: tuple[Path, str]) -> None:
    folder, _ = refitted
    storage = f"sqlite:///{folder}/studies.db"
    before = optuna.load_study(study_name="small-refit", storage=storage).trials
    output = run(folder, "refit", "small", "--seeds", "3", "--force", "hydra.sweeper.workers=1")
    after = optuna.load_study(study_name="small-refit", storage=storage).trials
    assert after[: len(before)] == before
    assert [trial.params["seed"] for trial in after[len(before) :]] == [2, 2]
    assert evidence(folder)["seeds"] == [0, 1, 2]
    assert [look["seeds"] for look in evidence(folder)["looks"]] == [2, 3]
    assert "This is look 2 at this refit (seeds: 2, 3)" in output
    assert len(runs(folder, f"tags.`{KIND}` = 'reference'")) == 2, "they are not recorded again"
    assert "rcnn version 1" in output
    assert read_study(None, storage).name == "small", "a refit is not taken for the last sweep"
    again = run(folder, "refit", "small", "--seeds", "3", "--force")
    assert "registered already: rcnn version 1" in again
    import mlflow
    import pandas as pd

    client(folder)
    model = mlflow.pyfunc.load_model("models:/rcnn@champion")
    predicted = model.predict(pd.DataFrame({"text": ["a wonderful film"]}))
    assert predicted["label"][0] in {"good", "bad"}


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["smal"], "It holds small"),
        (["small-refit"], "itself a refit"),
        (["--seeds", "1"], "expected 2 or more"),
    ],
)
def test_a_mistake_ends_a_refit_before_it_begins(
    refitted: tuple[Path, str], words: list[str], answer: str
) -> None:
    output = run(refitted[0], "refit", *words, code=2)
    assert answer in output
    assert "Traceback" not in output


@pytest.mark.slow
def test_other_data_than_the_studys_is_refused(refitted: tuple[Path, str]) -> None:
    folder, _ = refitted
    file = folder / "reviews.csv"
    kept = file.read_text()
    try:
        file.write_text(kept + "one more,good\n")
        assert "another file now" in run(folder, "refit", "small", code=2)
        file.unlink()
        assert "has gone" in run(folder, "refit", "small", code=2)
    finally:
        file.write_text(kept)
