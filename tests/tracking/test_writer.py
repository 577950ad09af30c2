from pathlib import Path

import pytest

from rcnn_sweep.tracking import Store, tracking_uri


@pytest.fixture
def store(workplace: Path) -> Store:
    return Store(tracking_uri(None), "records")


def test_every_end_tells_the_truth(store: Store) -> None:
    ends = {
        "complete": ("FINISHED", lambda r: r.complete()),
        "pruned": ("KILLED", lambda r: r.pruned("below the median")),
        "interrupted": ("KILLED", lambda r: r.interrupted("Ctrl-C")),
        "failed": ("FAILED", lambda r: r.failed(ValueError("the loss is nan"))),
    }
    for state, (status, end) in ends.items():
        writer = store.start("run", name=state, tags={})
        end(writer)
        run = store.client.get_run(writer.run_id)
        assert (run.info.status, run.data.tags["rcnn_sweep.state"]) == (status, state)
    assert run.data.tags["rcnn_sweep.reason"] == "ValueError: the loss is nan"
    trace = store.client.download_artifacts(writer.run_id, "failure/traceback.txt")
    assert "the loss is nan" in Path(trace).read_text(encoding="utf-8")


def test_a_run_names_its_code_its_kind_and_its_parent(store: Store) -> None:
    parent = store.start("study", name="parent", tags={})
    child = store.start("trial", name="child", tags={"rcnn_sweep.trial": "3"}, parent=parent.run_id)
    tags = store.client.get_run(child.run_id).data.tags
    assert tags["mlflow.parentRunId"] == parent.run_id
    assert tags["rcnn_sweep.kind"] == "trial"
    assert tags["rcnn_sweep.trial"] == "3"
    assert len(tags["mlflow.source.git.commit"]) == 40
    assert tags["rcnn_sweep.git_dirty"] in {"true", "false"}


def test_metrics_keep_their_steps_and_undefined_ones_are_left_out(store: Store) -> None:
    writer = store.start("run", name="metrics", tags={})
    for step in (1, 2):
        writer.metrics({"val_loss": 1 / step, "test_roc_auc": float("nan")}, step=step)
    history = store.client.get_metric_history(writer.run_id, "val_loss")
    assert [(point.step, point.value) for point in history] == [(1, 1.0), (2, 0.5)]
    assert "test_roc_auc" not in store.client.get_run(writer.run_id).data.metrics


def test_the_dataset_is_an_input_with_its_checksum(store: Store) -> None:
    writer = store.start("run", name="data", tags={})
    writer.dataset(
        name="imdb", source="/data/imdb.npz", sha256="ab" * 32, context="train", profile={"rows": 3}
    )
    logged = store.client.get_run(writer.run_id).inputs.dataset_inputs[0]
    assert logged.dataset.name == "imdb"
    assert logged.dataset.digest == ("ab" * 32)[:36]
    assert "ab" * 32 in logged.dataset.profile


def test_values_too_long_for_the_store_are_cut(store: Store) -> None:
    writer = store.start("run", name="long", tags={})
    writer.params({"data.path": "x" * 9000})
    writer.tags({"rcnn_sweep.reason": "y" * 9000})
    run = store.client.get_run(writer.run_id)
    assert run.data.params["data.path"].endswith("…")
    assert run.data.tags["rcnn_sweep.reason"].endswith("…")


def test_a_folder_is_recorded_without_what_another_command_is_writing_there(
    store: Store, tmp_path: Path
) -> None:
    results = tmp_path / "sweep"
    (results / "plots").mkdir(parents=True)
    (results / "trials.csv").write_text("number\n")
    (results / "plots" / "history.html").write_text("<p>")
    (results / "plots" / ".slice.html.ab12.partial").write_text("<")
    (results / "plots" / ".parallel.html.cd34.partial").symlink_to(tmp_path / "gone")
    writer = store.start("study", name="results", tags={})
    writer.folder("sweep", results)
    found = store.client.list_artifacts(writer.run_id, "sweep")
    assert [item.path for item in found] == ["sweep/plots", "sweep/trials.csv"]
    [page] = store.client.list_artifacts(writer.run_id, "sweep/plots")
    assert page.path == "sweep/plots/history.html"
