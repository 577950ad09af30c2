"""MLflow runs read into plain values. Reading creates nothing."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rcnn_sweep.errors import UserError
from rcnn_sweep.names import Tag
from rcnn_sweep.process import is_dead, without_password
from rcnn_sweep.tracking.address import check_store, database_path, tracking_uri
from rcnn_sweep.tracking.database import running_runs
from rcnn_sweep.tracking.kept import metrics_of

PAGE = 1000
"""Runs asked for at once."""


@dataclass(frozen=True)
class RunSnapshot:
    """One run as recorded. Params are texts, as MLflow keeps them; times are Unix seconds.

    ``metrics`` are the final ones and those of the epoch that was kept, the last or the best.
    """

    run_id: str
    experiment_id: str
    name: str
    status: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    started: float
    ended: float | None


class RunReader:
    """The runs of one MLflow store."""

    def __init__(self, uri: str | None = None, *, is_known: bool = False) -> None:
        """Open the store ``uri`` (None: MLFLOW_TRACKING_URI, else mlflow.db here).

        One that ``is_known``, for it has been opened before, is waited for; otherwise a server must
        answer at once. Raises :class:`UserError` where there is none.
        """
        self.uri = tracking_uri(uri)
        file = database_path(self.uri)
        if file is not None and not file.exists():
            raise UserError(
                f"expected an MLflow store, found no {file}.\n"
                "Change the directory, or name one: MLFLOW_TRACKING_URI or --tracking-uri."
            )
        check_store(self.uri, is_known=is_known)
        os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
        os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
        import mlflow

        from rcnn_sweep.tracking.client import client_of

        mlflow.set_tracking_uri(self.uri)
        self.client = client_of(self.uri)

    def run(self, run_id: str) -> RunSnapshot:
        """Give a run; raises :class:`UserError` where there is no such run."""
        from mlflow.exceptions import MlflowException

        try:
            return _plain(self.client.get_run(run_id))
        except MlflowException as error:
            raise UserError(
                f"expected a run of {without_password(self.uri)}; received {run_id!r}: "
                f"{without_password(str(error).splitlines()[0])}"
            ) from error

    def experiment(self, run_id: str) -> str:
        """Give the name of the experiment that a run is in."""
        return str(self.client.get_experiment(self.run(run_id).experiment_id).name)

    def children(self, run_id: str) -> list[RunSnapshot]:
        """Give the child runs of ``run_id``, the oldest first."""
        return self.search(
            f"tags.`mlflow.parentRunId` = '{run_id}'", [self.run(run_id).experiment_id]
        )

    def search(self, query: str, experiment_ids: list[str] | None = None) -> list[RunSnapshot]:
        """Give the runs that MLflow's filter ``query`` selects, the oldest first."""
        ids = experiment_ids or [e.experiment_id for e in self.client.search_experiments()]
        found: list[RunSnapshot] = []
        token = None
        while True:
            page = self.client.search_runs(
                ids, query, max_results=PAGE, order_by=["start_time ASC"], page_token=token
            )
            found += map(_plain, page)
            token = page.token
            if not token:
                return found

    def experiments(self) -> dict[str, str]:
        """Give the names of the experiments by their ids."""
        return {e.experiment_id: e.name for e in self.client.search_experiments()}

    def history(self, run_id: str, metric: str) -> list[tuple[int, float]]:
        """Give ``(step, value)`` of every logged value of a metric, in the order of steps."""
        logged = self.client.get_metric_history(run_id, metric)
        return sorted((int(entry.step), float(entry.value)) for entry in logged)

    def file(self, run_id: str, path: str, folder: Path) -> Path | None:
        """Copy the artifact ``path`` into ``folder`` and give the copy; None if there is none."""
        parent = path.rpartition("/")[0]
        listed = self.client.list_artifacts(run_id, parent or None)
        if path not in {entry.path for entry in listed}:
            return None
        return Path(self.client.download_artifacts(run_id, path, str(folder)))

    def text(self, run_id: str, path: str) -> str | None:
        """Give a text artifact, None if there is none."""
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            copy = self.file(run_id, path, Path(folder))
            return None if copy is None else copy.read_text(encoding="utf-8")

    def json(self, run_id: str, path: str) -> Any:
        """Give a JSON artifact, None if there is none."""
        text = self.text(run_id, path)
        return None if text is None else json.loads(text)


def left_running(uri: str | None = None) -> dict[str, str]:
    """Give the names, by id, of the runs that say RUNNING while their process is known to be gone.

    ``uri`` as for :class:`RunReader`, and the same is raised. Imports no MLflow where the store is
    an SQLite file.
    """
    own = tracking_uri(uri)
    file = database_path(own)
    if file is None:
        found = RunReader(own).search("attributes.status = 'RUNNING'")
        running = [(run.run_id, run.name, run.tags.get(Tag.PROCESS, "")) for run in found]
    else:
        check_store(own)
        running = running_runs(file)
    return {run_id: name or run_id for run_id, name, process in running if is_dead(process)}


def _plain(run: Any) -> RunSnapshot:
    info, data = run.info, run.data
    return RunSnapshot(
        run_id=info.run_id,
        experiment_id=info.experiment_id,
        name=info.run_name or info.run_id,
        status=str(info.status),
        params=dict(data.params),
        metrics=metrics_of(run),
        tags=dict(data.tags),
        started=info.start_time / 1000,
        ended=None if info.end_time is None else info.end_time / 1000,
    )
