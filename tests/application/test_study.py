from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from omegaconf import OmegaConf

from rcnn_sweep.application.study import RecordedStudy, study_metrics, what_next
from rcnn_sweep.config import Config
from rcnn_sweep.data import SnippetsConfig
from rcnn_sweep.sweep import Pruning, Standing, StudyInfo, SweepSummary, TrialSnapshot
from rcnn_sweep.tracking import Store, tracking_uri


@pytest.fixture
def hooks(workplace: Path) -> RecordedStudy:
    return RecordedStudy(OmegaConf.structured(Config()))


def test_trials_that_others_end_are_told_apart_in_the_store(hooks: RecordedStudy) -> None:
    store = Store(tracking_uri(None), "rcnn_sweep")
    writers = {name: store.start("trial", name=name, tags={}) for name in ("a", "b", "c")}
    attrs = {name: {"mlflow_run_id": writer.run_id} for name, writer in writers.items()}
    writers["c"].complete()
    for name in ("b", "c"):
        hooks.interrupted(attrs[name], "the sweep ended")
        hooks.interrupted(attrs[name], "again")
    hooks.orphan(attrs["a"], "its process died")
    hooks.interrupted({}, "a trial without a run yet")
    runs = {name: store.client.get_run(writer.run_id) for name, writer in writers.items()}
    ends = {
        name: (run.info.status, run.data.tags["rcnn_sweep.state"]) for name, run in runs.items()
    }
    assert ends == {
        "a": ("FAILED", "failed"),
        "b": ("KILLED", "interrupted"),
        "c": ("FINISHED", "complete"),
    }
    assert runs["b"].data.tags["rcnn_sweep.reason"] == "the sweep ended"


@pytest.mark.parametrize("done", ["its start", "all of it"])
def test_a_studys_run_that_a_killed_command_began_is_taken_up(
    hooks: RecordedStudy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, done: str
) -> None:
    """The study does not know of it yet; parameters cannot be changed once they are recorded."""
    info = StudyInfo(
        study_name="s",
        identity="one",
        storage="sqlite:///studies.db",
        directory=tmp_path,
        directions=("maximize",),
        metrics=("val_accuracy",),
        space={},
        n_trials=3,
        seed=1,
        command="",
        config=OmegaConf.structured(Config(data=SnippetsConfig())),
        url="sqlite:///studies.db",
    )
    with monkeypatch.context() as killed:
        if done == "its start":
            killed.setattr(RecordedStudy, "_describe", lambda *_: None)
        first = hooks.open_study(info, None)
    assert hooks.open_study(replace(info, seed=2, n_trials=4), None) == first
    run = hooks.store.client.get_run(first["run_id"])
    assert run.info.status == "RUNNING" and run.data.tags["rcnn_sweep.n_trials"] == "4"
    assert run.data.params["seed"] == ("2" if done == "its start" else "1")
    assert hooks.open_study(replace(info, identity="another"), None) != first


def test_workers_elsewhere_are_told_the_store_and_its_access(
    hooks: RecordedStudy, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "token")
    given = hooks.environment()
    assert given["MLFLOW_TRACKING_TOKEN"] == "token"
    assert given["MLFLOW_TRACKING_URI"] == f"sqlite:///{workplace / 'mlflow.db'}"
    server = SimpleNamespace(uri="http://127.0.0.1:5000")
    monkeypatch.setattr(hooks, "store", server)
    assert hooks.environment()["MLFLOW_TRACKING_URI"] == "http://127.0.0.1:5000"


def test_the_commands_that_look_closer_name_a_storage_that_is_not_the_default(
    workplace: Path,
) -> None:
    here = SimpleNamespace(
        study_name="a b",
        url=f"sqlite:///{workplace / 'studies.db'}",
        storage="sqlite:///studies.db",
    )
    assert what_next(here) == [
        "report:    python -m rcnn_sweep report 'a b'",
        "refit:     python -m rcnn_sweep refit 'a b' --seeds 5",
    ]
    elsewhere = SimpleNamespace(
        study_name="s", url="postgresql://u:secret@h/d", storage="postgresql://u:***@h/d"
    )
    told = "\n".join(what_next(elsewhere))
    assert told.count("--storage 'postgresql://u:***@h/d'") == 2
    assert "secret" not in told


def test_the_studys_run_has_the_estimates_of_what_was_run_again() -> None:
    def trial(number: int, value: float) -> TrialSnapshot:
        return TrialSnapshot(
            number=number, state="complete", params={}, values=(value,), steps={}, started=None,
            seconds=None, slot=None, retry_of=None, duplicate_of=None, run_id=None, seed=None,
            worker=None, reason="",
        )  # fmt: skip

    best = trial(1, 0.9)
    summary = SweepSummary(
        study_name="s", state="complete", reason="", directory=Path(), directions=("maximize",),
        metrics=("val_accuracy",), best=(best,), baseline=trial(0, 0.8), counts={}, rejected=0,
        left_out=0, duplicates=0, pruning=Pruning(0, 0, 0, 0, 0.0), busy_seconds=0.0,
        wall_seconds=0.0, best_command="", standings=(Standing(best, (0.9, 0.86), 0.87),),
    )  # fmt: skip
    metrics = study_metrics(summary)
    assert metrics["best_val_accuracy"] == 0.9
    assert metrics["best_val_accuracy_estimate"] == 0.87
    assert metrics["baseline_val_accuracy"] == 0.8
    assert "baseline_val_accuracy_estimate" not in metrics
