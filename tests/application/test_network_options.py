"""Options beyond the notebook, from the command to the logged model and back."""

import shutil
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest
from omegaconf import OmegaConf
from small import SMALL_NETWORK, command_line, environment, table_rows, write_table

from rcnn_sweep.application import Job, RecordedStudy, check_same_vectors, recorded_run
from rcnn_sweep.application.study import settled
from rcnn_sweep.config import Config
from rcnn_sweep.data import TableConfig, load
from rcnn_sweep.data.checksum import digest
from rcnn_sweep.errors import UserError
from rcnn_sweep.names import Tag
from rcnn_sweep.network import EmbeddingConfig

WORDS = ["a", "film", "good", "wonderful", "dreadful", "scenes", "with", "cold"]

OPTIONS = (
    *("conv=parallel", "conv.kernel_size=2", "pool=average", "lstm=attention", "lstm.layers=2"),
    *("lstm.dropout=0.1", "lstm.recurrent_dropout=0.1", "embedding.word_dropout=0.1"),
    *("embedding.spatial_dropout=0.1", "embedding.vectors=words.vec", "embedding.trainable=false"),
    *("embedding.order=2", "ngrams.order=2", "ngrams.gate=recurrent"),
    *("training.bucket_width=7", "training.epochs=1"),
)

ALONE = """
import sys
sys.modules["rcnn_sweep"] = None
import mlflow, pandas
mlflow.set_tracking_uri("sqlite:///mlflow.db")
model = mlflow.pyfunc.load_model(f"runs:/{sys.argv[1]}/model")
found = model.predict(pandas.DataFrame({"text": ["a wonderful film", "dreadful scenes"]}))
print(list(found.columns), found["label"].isin(["good", "bad"]).all())
"""


def run(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        list(words), cwd=folder, env=environment(folder / "cache"), capture_output=True, text=True
    )


@pytest.mark.slow
def test_every_kind_of_option_is_trained_recorded_served_and_reproduced(
    tmp_path: Path, migrated_database: Path
) -> None:
    shutil.copy(migrated_database, tmp_path / "mlflow.db")
    write_table(tmp_path / "reviews.csv", table_rows(80))
    lines = [f"{word} " + " ".join([str(place / 8)] * 8) for place, word in enumerate(WORDS)]
    vectors = tmp_path / "words.vec"
    vectors.write_text(f"{len(WORDS)} 8\n" + "\n".join(lines) + "\n", encoding="utf-8")
    data = ("data=table", "data.path=reviews.csv")
    done = run(tmp_path, *command_line(*data, *SMALL_NETWORK, *OPTIONS))
    assert done.returncode == 0, done.stdout + done.stderr
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    [found] = client.search_runs([e.experiment_id for e in client.search_experiments()])
    assert found.data.params["lstm.output"] == "attention"
    coverage = found.data.tags["rcnn_sweep.vectors_found"]
    assert coverage.startswith("7 of ") and f"words.vec has {coverage}" in done.stdout
    assert found.data.tags["rcnn_sweep.vectors_sha256"] == digest(vectors)
    alone = run(tmp_path, sys.executable, "-c", ALONE, found.info.run_id)
    assert alone.stdout.split("\n")[0] == "['label', 'probability'] True", alone.stderr
    vectors.rename(tmp_path / "moved.vec")
    words = ("reproduce", found.info.run_id, "--vectors", "moved.vec")
    again = run(tmp_path, *command_line(*words))
    assert again.returncode == 0 and "numbers agree exactly" in again.stdout, again.stderr


def test_another_file_of_vectors_is_not_the_recorded_one(tmp_path: Path) -> None:
    file = tmp_path / "words.vec"
    file.write_text("film 1 2\n", encoding="utf-8")
    config = Config(embedding=EmbeddingConfig(2, vectors=str(file)))
    tags = {Tag.VECTORS_SHA256: digest(file)}
    check_same_vectors(config, tags)
    check_same_vectors(Config(), tags)
    check_same_vectors(config, {})
    file.write_text("film 1 3\n", encoding="utf-8")
    with pytest.raises(UserError, match="expected the recorded file, SHA-256"):
        check_same_vectors(config, tags)
    file.unlink()
    with pytest.raises(UserError, match="found none at"):
        check_same_vectors(config, tags)


def test_a_study_is_about_the_vectors_and_not_about_where_they_lie(tmp_path: Path) -> None:
    records = []
    table = write_table(tmp_path / "reviews.csv", table_rows(20))
    for name in ("one.vec", "two.vec"):
        (tmp_path / name).write_text("film 1 2\n", encoding="utf-8")
        embedding = EmbeddingConfig(2, vectors=str(tmp_path / name))
        config = OmegaConf.structured(
            Config(data=TableConfig(path=str(table)), embedding=embedding)
        )
        records.append(RecordedStudy(config).record(config))
    assert records[0] == records[1]
    assert records[0]["embedding"]["vectors"] == digest(tmp_path / "one.vec")


def test_vectors_that_the_data_has_no_use_for_are_told_before_a_run_exists(tmp_path: Path) -> None:
    table = write_table(tmp_path / "reviews.csv", table_rows(20))
    (tmp_path / "other.vec").write_text("Wort 1 2\n", encoding="utf-8")
    embedding = EmbeddingConfig(2, vectors=str(tmp_path / "other.vec"))
    config = Config(data=TableConfig(path=str(table), maxlen=12), embedding=embedding)
    dataset = load(config.data, say=lambda _: None)
    with pytest.raises(UserError, match="expected vectors of the data's words"):
        recorded_run(Job(config, dataset, [], None), store=None)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="expected vectors of the data's words"):
        settled(config)
