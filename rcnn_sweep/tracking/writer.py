"""The record of one run, written through a few verbs."""

import json
import logging
import math
import os
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.tracking import MlflowClient

from rcnn_sweep.names import Artifact, Tag
from rcnn_sweep.process import signals, whole_files, without_password

log = logging.getLogger(__name__)

# MLflow's limit for a dataset's digest.
DIGEST_LENGTH = 36
# MLflow cuts nothing: longer values of params and tags are refused.
LONGEST_VALUE = 5000


class RunWriter:
    """One MLflow run. It is RUNNING until one of the four ends is called."""

    def __init__(self, client: MlflowClient, run_id: str, experiment_id: str) -> None:
        """Write to the run ``run_id``, which exists already."""
        self.client = client
        self.run_id = run_id
        self.experiment_id = experiment_id

    def params(self, values: Mapping[str, Any]) -> None:
        """Record config values under their flattened names."""
        params = [Param(key, _short(value)) for key, value in values.items()]
        self.client.log_batch(self.run_id, params=params)

    def metrics(self, values: Mapping[str, float], *, step: int = 0) -> None:
        """Record numbers at ``step``, an epoch from 1; those of the end are given none.

        NaN (a metric that is undefined here) is left out.
        """
        now = int(time.time() * 1000)
        known = {name: value for name, value in values.items() if not math.isnan(value)}
        metrics = [Metric(name, value, now, step) for name, value in known.items()]
        self.client.log_batch(self.run_id, metrics=metrics)

    def tags(self, values: Mapping[str, Any]) -> None:
        """Record facts to search by."""
        tags = [RunTag(key, _short(value)) for key, value in values.items()]
        self.client.log_batch(self.run_id, tags=tags)

    def describe(self, text: str) -> None:
        """Show ``text``, as it stands, as the run's description in MLflow's page."""
        self.note(f"```\n{text}\n```")

    def note(self, markdown: str) -> None:
        """Show ``markdown`` as the run's description in MLflow's page."""
        self.tags({"mlflow.note.content": markdown})

    def text(self, path: str, content: str) -> None:
        """Record ``content`` as the artifact ``path``."""
        with self._writing(path):
            self.client.log_text(self.run_id, without_password(content), path)

    def json(self, path: str, content: Any) -> None:
        """Record ``content`` as the JSON artifact ``path``."""
        self.text(path, json.dumps(content, indent=2) + "\n")

    @contextmanager
    def artifact(self, path: str) -> Iterator[Path]:
        """Lend a file to write to; it becomes the artifact ``path``."""
        folder, _, name = path.rpartition("/")
        with tempfile.TemporaryDirectory() as place:
            file = Path(place, name)
            yield file
            self.file(folder, file)

    def file(self, folder: str, file: Path) -> None:
        """Record a copy of ``file`` in the artifact folder ``folder``."""
        with self._writing(f"{folder}/{file.name}"):
            self.client.log_artifact(self.run_id, str(file), folder)

    def folder(self, path: str, folder: Path) -> None:
        """Record copies of all files below ``folder`` in the artifact folder ``path``.

        Another command on the same study may be writing there.
        """
        for file in whole_files(folder):
            self.file(PurePosixPath(path, file.parent.relative_to(folder)).as_posix(), file)

    @contextmanager
    def _writing(self, path: str) -> Iterator[None]:
        """Name the artifact ``path`` in the error of a write, which names no file by itself."""
        try:
            yield
        except OSError as error:
            if error.errno is None or error.filename is not None:
                raise
            place = f"{self.client.get_run(self.run_id).info.artifact_uri}/{path}"
            raise OSError(error.errno, os.strerror(error.errno), place) from error

    def dataset(
        self, *, name: str, source: str, sha256: str, context: str, profile: Mapping[str, Any]
    ) -> None:
        """Record data as an MLflow input; ``context`` says what for ("train and test").

        MLflow tells inputs of one run apart by name and digest, so the splits of one source are
        one input.
        """
        remote = source.startswith(("http://", "https://"))
        dataset = Dataset(
            name=name,
            digest=sha256[:DIGEST_LENGTH],
            source_type="http" if remote else "local",
            source=json.dumps({"url" if remote else "uri": source}),
            profile=json.dumps({"sha256": sha256, **profile}),
        )
        served = DatasetInput(dataset, [InputTag("mlflow.data.context", context)])
        self.client.log_inputs(self.run_id, datasets=[served])

    def complete(self) -> None:
        """End the run: it did all it was asked for."""
        self._end("FINISHED", "complete", "")

    def pruned(self, reason: str) -> None:
        """End the run: the pruner stopped it."""
        self._end("KILLED", "pruned", reason)

    def interrupted(self, reason: str) -> None:
        """End the run: a person or the system stopped it."""
        self._end("KILLED", "interrupted", reason)

    def failed(self, error: BaseException) -> None:
        """End the run with the reason and the traceback of what stopped it."""
        with signals.held():
            self._end("FAILED", "failed", f"{type(error).__name__}: {error}")
            trace = "".join(traceback.format_exception(error))
            try:
                self.text(Artifact.TRACEBACK, trace)
            except Exception as unwritten:  # a full disk must not hide what went wrong
                log.warning("The traceback could not be recorded: %s", unwritten)

    def lost(self, reason: str) -> None:
        """End the run as failed for a reason that another process found out."""
        self._end("FAILED", "failed", reason)

    def _end(self, status: str, state: str, reason: str) -> None:
        tags = {Tag.STATE: state}
        if reason:
            tags[Tag.REASON] = reason
        with signals.held():
            self.tags(tags)
            self.client.set_terminated(self.run_id, status)


def _short(value: Any) -> str:
    text = without_password(str(value))
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
