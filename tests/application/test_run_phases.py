"""A single run says what it is at where that takes a while; a trial's sweep tells of it itself."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from rcnn_sweep.application import run
from rcnn_sweep.config import Config
from rcnn_sweep.process import phases


@pytest.mark.parametrize("is_trial", [False, True])
def test_tensorflow_is_named_while_it_starts(
    is_trial: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def start() -> None:
        time.sleep(0.5)
        raise KeyboardInterrupt

    ends: list[str] = []
    writer = SimpleNamespace(run_id="r", interrupted=ends.append)
    parent = {"run_id": "p"}
    trial = SimpleNamespace(
        study_name="s", number=0, params={}, parent=parent, set_user_attr=lambda *_: None
    )
    monkeypatch.setattr(phases, "SILENCE", 0.05)
    monkeypatch.setattr(run, "start_tensorflow", start)
    store: Any = SimpleNamespace(start=lambda *_, **__: writer)
    job: Any = run.Job(Config(), SimpleNamespace(), [], trial if is_trial else None)  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        run.recorded_run(job, store)
    assert ends == ["KeyboardInterrupt"]
    assert capsys.readouterr().out == ("" if is_trial else "starting TensorFlow ...\n")
