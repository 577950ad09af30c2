"""The real IMDB set, where there is a copy: a small part of it, trained for one epoch."""

import subprocess
from pathlib import Path

import pandas as pd
import pytest
from small import DATA, command_line, environment

pytestmark = pytest.mark.skipif(
    not (DATA / "imdb.npz").exists(), reason=f"there is no copy of IMDB in {DATA}"
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory):
    import mlflow

    folder = tmp_path_factory.mktemp("imdb")
    words = [f"data.path={DATA / 'imdb.npz'}", "data.train_limit=5000"]
    small = [
        "conv.filters=16",
        "lstm.units=16",
        "training.epochs=1",
        "training.learning_rate=0.004",
    ]
    done = subprocess.run(
        command_line(*words, *small),
        cwd=folder,
        env=environment(folder / "cache"),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    [run] = mlflow.MlflowClient().search_runs(["1"])
    return run


@pytest.mark.slow
def test_reviews_are_learnt(trained) -> None:
    assert trained.data.metrics["test_accuracy"] > 0.7
    assert trained.data.params["data.train_limit"] == "5000"


@pytest.mark.slow
def test_the_model_judges_the_raw_reviews_as_the_run_judged_their_ids(trained) -> None:
    import mlflow

    reviews = pd.read_parquet(Path(DATA, "imdb.parquet"))
    reviews = reviews[reviews["split"] == "test"]
    model = mlflow.pyfunc.load_model(f"runs:/{trained.info.run_id}/model")
    labels = model.predict(reviews[["text"]])["label"]
    right = (labels == "positive").to_numpy() == (reviews["label"] == "pos").to_numpy()
    assert right.mean() == pytest.approx(trained.data.metrics["test_accuracy"], abs=1e-4)
