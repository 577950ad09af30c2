"""The MLflow store: created once, and cleared of runs nobody runs."""

import os
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rcnn_sweep.errors import UserError
from rcnn_sweep.names import Tag
from rcnn_sweep.process import ProcessId, is_dead, module_command, without_password
from rcnn_sweep.tracking.address import DEFAULT_DATABASE, database_path
from rcnn_sweep.tracking.kept import metrics_of
from rcnn_sweep.tracking.provenance import source_tags

if TYPE_CHECKING:
    from rcnn_sweep.tracking.writer import RunWriter

# What a run's end leaves; a run that is carried on has none.
END_TAGS = (Tag.STATE, Tag.REASON)
# MLflow's status that goes with each state.
STATUS = {
    "complete": "FINISHED",
    "pruned": "KILLED",
    "interrupted": "KILLED",
    "failed": "FAILED",
}
# MLflow's page then opens with the views for training runs, not those for language models.
EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}


LATEST = 20
"""Runs from which it is told how long another like them will take."""


class Store:
    """One experiment in an MLflow store, reached through explicit ids only."""

    def __init__(self, uri: str, experiment: str) -> None:
        """Open the store, creating database and experiment where they are missing.

        It waits for a store that is locked or restarts: :func:`check_store` tells before whether
        one is there at all. Raises :class:`UserError` where it does not answer in time or the
        experiment is deleted.
        """
        # MLflow prints a server's address with the password in it.
        os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
        import mlflow

        from rcnn_sweep.tracking.client import answering, client_of

        self.uri = uri
        mlflow.set_tracking_uri(uri)
        self.client = client_of(uri)
        with answering(uri):
            self.experiment_id = self._experiment(experiment)

    @property
    def shown_uri(self) -> str:
        """The URI without its password."""
        return without_password(self.uri)

    @property
    def is_remote(self) -> bool:
        """Whether the store is a tracking server, which has a page of its own."""
        return self.uri.startswith(("http://", "https://"))

    def is_default_in(self, folder: Path) -> bool:
        """Say whether a bare ``mlflow ui`` started in ``folder`` shows this store."""
        return database_path(self.uri) == folder.absolute() / DEFAULT_DATABASE

    def _experiment(self, name: str) -> str:
        from mlflow.exceptions import MlflowException

        found = self.client.get_experiment_by_name(name)
        if found is None:
            try:
                return str(self.client.create_experiment(name, tags=EXPERIMENT_TAGS))
            except MlflowException:
                found = self.client.get_experiment_by_name(name)
                if found is None:
                    raise
        if found.lifecycle_stage == "deleted":
            words = ("experiments", "restore", "-x", found.experiment_id)
            restore = module_command("mlflow", *words)
            raise UserError(
                f"tracking.experiment: expected a live experiment; {name!r} is deleted. "
                f"Restore it ({restore}) or use another."
            )
        return str(found.experiment_id)

    def start(
        self, kind: str, *, name: str, tags: Mapping[str, str], parent: str | None = None
    ) -> "RunWriter":
        """Start a run of ``kind`` (run, trial, study, refit) and give its record."""
        every = {
            **source_tags(),
            Tag.KIND: kind,
            Tag.PROCESS: str(ProcessId.own()),
            **tags,
        }
        if parent is not None:
            every[Tag.PARENT] = parent
        shown = {key: without_password(value) for key, value in every.items()}
        run = self.client.create_run(
            self.experiment_id, run_name=without_password(name), tags=shown
        )
        return self.writer(run.info.run_id)

    def begun(self, identity: str) -> str | None:
        """Give the run of the study of that identity, None where there is none.

        A command that is killed just after it started the run has not told the study of it.
        """
        query = f"tags.`{Tag.IDENTITY}` = '{identity}'"
        found = self.client.search_runs([self.experiment_id], query, max_results=1)
        return str(found[0].info.run_id) if found else None

    def has_params(self, run_id: str) -> bool:
        """Say whether the run has parameters; MLflow refuses to change them."""
        return bool(self.client.get_run(run_id).data.params)

    def writer(self, run_id: str) -> "RunWriter":
        """Give the record of a run that exists."""
        from rcnn_sweep.tracking.writer import RunWriter

        return RunWriter(self.client, run_id, self.experiment_id)

    def resume(self, run_id: str) -> None:
        """Have this process carry on the run ``run_id``, which an earlier one began.

        Raises :class:`UserError` where this store has no such run.
        """
        from mlflow.exceptions import MlflowException

        try:
            self.client.get_run(run_id)
        except MlflowException as error:
            raise UserError(
                f"tracking: expected the study's run {run_id} in {self.shown_uri}, found none.\n"
                "Name its store (MLFLOW_TRACKING_URI), or another hydra.sweeper.study_name."
            ) from error
        self.writer(run_id).tags({Tag.PROCESS: str(ProcessId.own())})
        ended = self.client.get_run(run_id).data.tags.keys() & {*END_TAGS}
        for tag in ended:
            self.client.delete_tag(run_id, tag)
        self.client.update_run(run_id, status="RUNNING")

    def is_running(self, run_id: str) -> bool:
        """Say whether the run still says that it is running."""
        return str(self.client.get_run(run_id).info.status) == "RUNNING"

    def outcome(self, run_id: str) -> tuple[str | None, dict[str, float]]:
        """Give the recorded state of a run, None while it has none, and the metrics it came to.

        A process killed between the two writes of an end leaves the state without its status:
        then the status is written now.
        """
        run = self.client.get_run(run_id)
        self._complete_end(run)
        return run.data.tags.get(Tag.STATE), metrics_of(run)

    def _complete_end(self, run: Any) -> bool:
        """Give a run whose state is recorded the status that belongs to it; say whether it is."""
        status = STATUS.get(run.data.tags.get(Tag.STATE))
        if status is not None and run.info.status == "RUNNING":
            self.client.set_terminated(run.info.run_id, status)
        return status is not None

    def seconds_of(self, data_sha256: str, params: Mapping[str, Any]) -> float | None:
        """Give the median seconds of the latest complete runs on that data with such ``params``."""
        alike = [f"params.`{key}` = '{value}'" for key, value in params.items()]
        alike += [f"tags.`{Tag.DATA_SHA256}` = '{data_sha256}'", "attributes.status = 'FINISHED'"]
        runs = self.client.search_runs(
            [self.experiment_id], " AND ".join(alike), max_results=LATEST,
            order_by=["start_time DESC"],
        )  # fmt: skip
        seconds = [run.data.metrics.get("total_seconds") for run in runs]
        return statistics.median(known) if (known := [s for s in seconds if s]) else None

    def reap(self, *, but_study: str | None = None) -> list[str]:
        """Mark runs that say RUNNING but whose process is gone as interrupted; give their ids.

        The runs of ``but_study`` are left to that study, which knows what became of its trials.
        """
        gone = [run for run in self._running() if is_dead(run.data.tags[Tag.PROCESS])]
        if but_study is not None:
            gone = [run for run in gone if run.data.tags.get(Tag.STUDY) != but_study]
        for run in gone:
            if self._complete_end(run):
                continue
            writer = self.writer(run.info.run_id)
            writer.interrupted("its process died without a word (killed, or the machine went down)")
        return [run.info.run_id for run in gone]

    def _running(self) -> list[Any]:
        return list(
            self.client.search_runs(
                [self.experiment_id],
                "attributes.status = 'RUNNING' AND tags.`rcnn_sweep.process` LIKE '%:%'",
                max_results=1000,
            )
        )


def how_to_see(store: Store, run_id: str) -> str:
    """Give the command and the page that show the run."""
    page = run_page(store.shown_uri, store.experiment_id, run_id)
    if store.is_remote:
        return f"Run {run_id}: {page}"
    return f"Run {run_id}\nSee it: {_page_server(store)}\n  then {page}"


def run_page(shown_uri: str, experiment_id: str, run_id: str) -> str:
    """Give the address of a run in MLflow's page, in its view for training runs.

    A tracking server has that page itself; for another store it is where ``mlflow ui`` serves it
    by default. ``shown_uri`` is the store's address without its password.
    """
    is_server = shown_uri.startswith(("http://", "https://"))
    place = shown_uri.rstrip("/") if is_server else "http://127.0.0.1:5000"
    return f"{place}/#/experiments/{experiment_id}/runs/{run_id}?workflowType=machine_learning"


def _page_server(store: Store) -> str:
    """Give the command that serves the page of a store that is no server."""
    here, checkout = Path.cwd(), Path(__file__).parents[2]
    if not store.is_default_in(here):
        given = ("--backend-store-uri", store.shown_uri)
        return module_command("mlflow", "ui", "--host", "127.0.0.1", *given)
    is_checkout = here == checkout and (checkout / "Makefile").is_file()
    return "make ui" if is_checkout else module_command("mlflow", "ui", "--host", "127.0.0.1")
