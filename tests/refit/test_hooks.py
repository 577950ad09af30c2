"""A refit's own part in the sweep engine."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf
from servers import free_port

from rcnn_sweep.config import RefitConfig
from rcnn_sweep.config.refit import RefitTracking
from rcnn_sweep.errors import UserError
from rcnn_sweep.refit.hooks import RecordedRefit


def test_a_command_needs_its_store_at_once_and_a_worker_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    nobody = f"http://127.0.0.1:{free_port()}"
    config = OmegaConf.structured(
        RefitConfig(study="s", study_run="0" * 32, tracking=RefitTracking(nobody))
    )
    hooks = RecordedRefit(config)
    with pytest.raises(UserError, match="cannot be reached"):
        hooks.prepare(config, dry_run=False)
    assert hooks.reader.uri == nobody, "a worker opens it while it restarts"
