"""Hooks of the toy app; what they were called with goes to ``hooks.txt``."""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from rcnn_sweep.sweep import MetricNames, Recorded, StudyHooks, StudyInfo, SweepSummary


def _log(*words: object) -> None:
    with Path("hooks.txt").open("a") as log:
        log.write(" ".join(map(str, words)) + "\n")


class Hooks(StudyHooks):
    def prepare(self, config: DictConfig, dry_run: bool) -> list[str]:
        _log("prepare", dry_run)
        return ["steps=2"]

    def caveats(self, config: DictConfig) -> list[str]:
        return ["the weather"]

    def metric_names(self) -> MetricNames:
        return MetricNames(("score",), ("cost", "threads"))

    def validate(self, config: DictConfig) -> str | None:
        if config.x > config.get("limit", 5):
            return f"x must be at most {config.get('limit', 5)}, received {config.x}"
        return None

    def open_study(self, info: StudyInfo, parent: Mapping[str, Any] | None) -> dict[str, Any]:
        _log("open", info.study_name, json.dumps(parent))
        return {"run_id": "parent-1"}

    def near_end(self) -> None:
        _log("near end")

    def outcome(self, user_attrs: Mapping[str, Any]) -> Recorded | None:
        record = Path(f"record-{user_attrs.get('mlflow_run_id')}.json")
        return Recorded("complete", json.loads(record.read_text())) if record.exists() else None

    def orphan(self, user_attrs: Mapping[str, Any], reason: str) -> None:
        _log("orphan", user_attrs["mlflow_run_id"], reason)

    def close_study(
        self, info: StudyInfo, parent: Mapping[str, Any], summary: SweepSummary
    ) -> list[str]:
        files = sorted(path.name for path in summary.results.iterdir())
        _log("close", parent["run_id"], summary.state, *files)
        return ["the record is closed"]


class SlowHooks(Hooks):
    """Takes as long to open the record as there is no file ``go``; fails if that says so."""

    @staticmethod
    def preload() -> None:
        Path(f"preloaded-{os.getpid()}").touch()

    def open_study(self, info: StudyInfo, parent: Mapping[str, Any] | None) -> dict[str, Any]:
        Path("opening").touch()
        while not Path("go").exists():
            time.sleep(0.05)
        if Path("go").read_text() == "fail":
            raise RuntimeError("the record is gone")
        return super().open_study(info, parent)
