import os
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from rcnn_sweep.config import Config
from rcnn_sweep.data import TableConfig
from rcnn_sweep.errors import UserError
from rcnn_sweep.reproduction import reproduce
from rcnn_sweep.reproduction.original import read
from rcnn_sweep.reproduction.surroundings import adopt, differences
from rcnn_sweep.tracking import Store, environment, tracking_uri
from rcnn_sweep.tracking.reader import RunReader
from rcnn_sweep.tracking.writer import RunWriter


@pytest.fixture
def writer(workplace: Path) -> RunWriter:
    """A run of two epochs out of four on a table, as far as it is recorded before its end."""
    table = workplace / "reviews.csv"
    table.write_text("text,label\nfine,good\n")
    config = Config(data=TableConfig(path=str(table)))
    writer = Store(tracking_uri(None), "again").start("run", name="first", tags={})
    writer.text("config/resolved.yaml", OmegaConf.to_yaml(OmegaConf.structured(config)))
    writer.json("config/environment.json", {**environment(), "device": "CPU"})
    writer.tags({"rcnn_sweep.data_sha256": "ab" * 32})
    for step in (1, 2):
        writer.metrics({"train_loss": 1 / step, "val_loss": 1 / step}, step=step)
    writer.metrics({"fit_seconds": 3.0, "val_f1_micro": 0.8}, step=2)  # as earlier versions did
    return writer


def refused(run_id: str, said: str, data_path: str | None = None) -> None:
    with pytest.raises(UserError, match=said):
        reproduce(run_id, tracking_uri=None, data_path=data_path)


def test_a_stopped_run_is_read_as_far_as_it_came(writer: RunWriter) -> None:
    writer.pruned("pruned at step 2")
    original = read(RunReader(), writer.run_id)
    assert original.config.training.epochs == original.epochs == 2
    assert original.config.data == TableConfig(path=str(Path("reviews.csv").absolute()))
    assert original.experiment == "again"
    assert original.numbers == {
        ("train_loss", 1): 1.0,
        ("train_loss", 2): 0.5,
        ("val_loss", 1): 1.0,
        ("val_loss", 2): 0.5,
        ("val_f1_micro", 0): 0.8,
    }
    assert "first; pruned, 2 epochs" in str(original)


def test_runs_with_nothing_to_compare_are_refused(writer: RunWriter) -> None:
    refused("f" * 32, "expected a run")
    refused(writer.run_id, "is running")
    store = Store(tracking_uri(None), "again")
    parent = store.start("study", name="parent", tags={})
    child = store.start("trial", name="child", tags={}, parent=parent.run_id)
    refused(parent.run_id, f"(?s)parent of 1.*{child.run_id}")
    child.complete()
    refused(child.run_id, "no config/resolved.yaml")
    child.text("config/resolved.yaml", "data: {name: table}")
    refused(child.run_id, "before its first epoch")
    writer.failed(ValueError("out of memory"))
    refused(writer.run_id, "failed: ValueError: out of memory")


def test_other_data_is_refused_and_missing_data_asked_for(writer: RunWriter) -> None:
    writer.complete()
    refused(writer.run_id, "expected the recorded data, SHA-256 abab")
    Path("reviews.csv").rename("moved.csv")
    refused(writer.run_id, "(?s)expected the recorded file.*--data-path")
    refused(writer.run_id, r"moved\.csv has", data_path="moved.csv")


def test_a_config_of_another_version_is_refused_with_its_revision(writer: RunWriter) -> None:
    writer.text("config/resolved.yaml", "data: {name: table}\nlstm: {rings: 3}")
    writer.tags({"mlflow.source.git.commit": "c0ffee"})
    writer.complete()
    refused(writer.run_id, "(?s)rings.*git checkout c0ffee")


def test_differences_name_what_has_changed_and_what_decides() -> None:
    then = {**environment(), "device": "CPU", "processor": "Other", "python": "3.11.0"}
    then["packages"] = {**then["packages"], "keras": "3.0.0", "mlflow": "3.10.0"}
    tags = {"mlflow.source.git.commit": "c0ffee", "rcnn_sweep.git_dirty": "true"}
    found = {each.name: each for each in differences(then, tags, "CPU")}
    deciding = {name for name, each in found.items() if each.decides}
    assert deciding == {"processor", "keras"}
    assert {"python", "mlflow", "git.commit", "working tree", "rcnn_sweep.version"} <= set(found)
    assert str(found["keras"]).startswith("keras: 3.0.0 then, ")
    same = {**environment(), "device": "CPU", "cpus": 999, "threads": "1"}
    names = {each.name for each in differences(same, {}, "CPU") if each.decides}
    assert names == {"threads"}  # with a fixed number of threads other cores do not matter


def test_the_recorded_threads_and_device_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"TF_NUM_INTRAOP_THREADS": "7"})
    adopt({"threads": "1", "device": "CPU"})
    assert os.environ["TF_NUM_INTRAOP_THREADS"] == "1"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "-1"
    os.environ.clear()
    os.environ["TF_NUM_INTRAOP_THREADS"] = "7"
    adopt({"threads": "all", "device": "GPU NVIDIA H100"})
    assert os.environ == {}
