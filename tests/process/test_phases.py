"""What a command is at is named once it has taken a while, and not before."""

import time

import pytest

from rcnn_sweep.process import phase, phases


def test_only_a_phase_that_takes_its_time_is_phase(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(phases, "SILENCE", 0.05)
    with phase("counting"):
        pass
    with pytest.raises(ValueError), phase("adding"):
        raise ValueError
    with phase("dividing"):
        time.sleep(0.5)
    assert capsys.readouterr().out == "dividing ...\n"
