"""Odd surroundings and hostile input: it works, or says clearly why not; nothing is executed."""

import shutil
import subprocess
from pathlib import Path

import pytest
from small import ROOT

from .conftest import SWEEP, Workplace

LEGACY = (
    "artifact_location: ./mlruns/0\nexperiment_id: '0'\nlifecycle_stage: active\nname: Default\n"
)


@pytest.mark.slow
def test_a_sweep_in_an_odd_place_without_git_in_a_plain_locale(
    place: Workplace, tmp_path: Path
) -> None:
    odd = tmp_path / 'it\'s a "place", ähm; $HOME'
    place.folder.rename(odd)
    place.folder = odd
    (odd / "mlruns" / "0").mkdir(parents=True)
    (odd / "mlruns" / "0" / "meta.yaml").write_text(LEGACY)
    place.settings = {"LC_ALL": "C", "LANG": "C", "PATH": str(tmp_path / "nothing"), "HOME": "/"}
    names = ("tracking.run_name='<b>it''s</b>'".replace("''", "\\'"), "hydra.sweeper.workers=2")
    command = (*SWEEP, *names, "hydra.sweeper.n_trials=2")
    out = place.run(*command)
    place.check_that_both_stores_agree(2)
    assert "\x1b" not in out, "no colours or cursor movements where there is no terminal"
    for number in range(2):
        assert (odd / "multirun" / "s" / str(number) / ".hydra" / "overrides.yaml").exists()
    names_seen = {run.info.run_name for run in place.runs("trial").values()}
    assert names_seen == {"#0 <b>it's</b>", "#1 <b>it's</b>"}
    assert "resumed: 2 complete" in place.run(*command)
    assert "s: 2 complete" in place.run("studies")


def test_the_page_is_opened_on_this_machine_only() -> None:
    make = [shutil.which("make") or "make", "-n", "ui", "PORT=5999"]
    shown = subprocess.run(make, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    [command] = [line for line in shown.splitlines() if "mlflow" in line and " ui" in line]
    assert "--host 127.0.0.1" in command and "--port 5999" in command
