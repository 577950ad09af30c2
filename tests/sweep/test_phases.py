"""What a sweep is at is named once it has taken a while, and not before."""

import time

import pytest

from rcnn_sweep.sweep.console import named, phases


def test_only_a_phase_that_takes_its_time_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(phases, "SILENCE", 0.05)
    with named("counting"):
        pass
    with pytest.raises(ValueError), named("adding"):
        raise ValueError
    with named("dividing"):
        time.sleep(0.5)
    assert capsys.readouterr().out == "dividing ...\n"
