"""What a record says about its run: config, surroundings and every number."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rcnn_sweep.config import Config, from_yaml, shortened
from rcnn_sweep.errors import UserError
from rcnn_sweep.metrics import TABLE, Kind, final, names
from rcnn_sweep.names import Artifact, Tag
from rcnn_sweep.tracking import RunReader, RunSnapshot

Numbers = Mapping[tuple[str, int], float]
"""Values by metric and step: the epoch, from 1, and 0 for what is taken once, at the end."""


@dataclass(frozen=True)
class Original:
    """A run to be reproduced. ``config`` ends with the last recorded epoch."""

    run: RunSnapshot
    config: Config
    environment: Mapping[str, Any]
    numbers: Numbers
    experiment: str
    epochs: int
    sha256: str

    def __str__(self) -> str:
        tags = self.run.tags
        trial = tags.get(Tag.TRIAL)
        of = f", trial {trial} of study {tags.get('rcnn_sweep.study')}" if trial else ""
        state = tags.get(Tag.STATE, self.run.status)
        epochs = "1 epoch" if self.epochs == 1 else f"{self.epochs} epochs"
        return f"run {self.run.run_id} ({self.run.name}{of}; {state}, {epochs})"


def read(reader: RunReader, run_id: str) -> Original:
    """Read the record of ``run_id``.

    Raises :class:`UserError` for a run that has nothing to compare: a study, a failed or running
    run, one of another program, or one without an epoch.
    """
    run = reader.run(run_id)
    _check(reader, run)
    text = reader.text(run_id, Artifact.RESOLVED_CONFIG)
    if text is None:
        raise UserError(
            f"expected a run of this program; {run_id} ({run.name}) has no config/resolved.yaml."
        )
    values = numbers(reader, run)
    epochs = max((step for name, step in values if name == "train_loss"), default=0)
    if not epochs:
        raise UserError(f"expected a run with metrics; {run_id} ended before its first epoch.")
    if (sha256 := run.tags.get(Tag.DATA_SHA256)) is None:
        raise UserError(f"expected a run with the tag {Tag.DATA_SHA256}; {run_id} has none.")
    config = config_of(text, run)
    training = shortened(config.training, min(epochs, config.training.epochs))
    return Original(
        run=run,
        config=replace(config, training=training),
        environment=_environment(reader, run_id),
        numbers=values,
        experiment=reader.experiment(run_id),
        epochs=epochs,
        sha256=sha256,
    )


def _environment(reader: RunReader, run_id: str) -> Mapping[str, Any]:
    """Give the recorded surroundings, as far as they are laid out as ours."""
    found = reader.json(run_id, Artifact.ENVIRONMENT)
    known = found if isinstance(found, dict) else {}
    return known if isinstance(known.get("packages"), dict) else {**known, "packages": {}}


def _check(reader: RunReader, run: RunSnapshot) -> None:
    if children := reader.children(run.run_id):
        raise UserError(
            f"expected a single run; {run.run_id} ({run.name}) is the parent of {len(children)}.\n"
            f"Name one of them, such as {children[0].run_id} ({children[0].name})."
        )
    if run.status == "RUNNING":
        raise UserError(f"expected a run that has ended; {run.run_id} is running.")
    if run.status == "FAILED":
        reason = run.tags.get(Tag.REASON, "for a reason that it does not tell")
        raise UserError(
            f"expected a run with a result; {run.run_id} failed: {reason}\n"
            "There is nothing to compare. Name a run that is complete or pruned."
        )


def numbers(reader: RunReader, run: RunSnapshot) -> Numbers:
    """Give every recorded number but seconds and what MLflow measures of the system."""
    seconds = {metric.name for metric in TABLE if metric.kind is Kind.SECONDS}
    known = [name for name in run.metrics if name not in seconds and "/" not in name]
    once = names(final())  # earlier records have the last epoch as their step
    return {
        (name, 0 if name in once else step): value
        for name in known
        for step, value in reader.history(run.run_id, name)
    }


def config_of(text: str, run: RunSnapshot) -> Config:
    """Read a recorded ``config/resolved.yaml``.

    Raises :class:`UserError` that names the commit to check out for one that this version cannot
    read.
    """
    try:
        return from_yaml(text)
    except UserError as error:
        commit = run.tags.get(Tag.GIT_COMMIT)
        checkout = f"git checkout {commit}" if commit else "use the version that recorded it"
        raise UserError(
            f"config/resolved.yaml of {run.run_id}, {str(error).splitlines()[0]}\n"
            f"Reproduce it with its own code: {checkout}."
        ) from error
