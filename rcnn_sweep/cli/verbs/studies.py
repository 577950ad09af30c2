"""``studies``: the studies of a storage, the commands that resume them, and what died in them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rcnn_sweep.cli.verbs.arguments import Arguments
from rcnn_sweep.process import command, printable

if TYPE_CHECKING:
    from rcnn_sweep.sweep import StudyHooks


def main(words: Sequence[str]) -> None:
    """Do ``studies [--storage URL] [--reap]``."""
    parser = Arguments(
        "studies", "List the studies with counts by state, best value and the resuming command."
    )
    parser.add_argument("--storage", metavar="URL", help="default: studies.db in this directory")
    parser.add_argument(
        "--reap", action="store_true", help="end trials and runs whose process is gone"
    )
    arguments = parser.parse_args(words)
    from rcnn_sweep.sweep import list_studies

    lines = _reaped if arguments.reap else _left
    for line in [*list_studies(arguments.storage), *lines(arguments.storage)]:
        print(printable(line))


def _left(storage: str | None) -> Iterator[str]:
    """Tell of MLflow runs that nobody runs."""
    for run in _left_running():
        reap = command("studies", "--reap")
        yield f"\nMLflow run {run} says RUNNING, but its process is gone: {reap} ends it"


def _reaped(storage: str | None) -> Iterator[str]:
    from rcnn_sweep.sweep import reap

    trials, runs = list(reap(storage, _hooks_of)), _reap_runs()
    yield f"\nreaped: {len(trials)} trial(s), {len(runs)} run(s) besides theirs"
    yield from (f"  {line}" for line in trials)
    yield from (f"  MLflow run {run_id} ended as interrupted" for run_id in runs)


def _hooks_of(parent: Mapping[str, Any]) -> "StudyHooks":
    """Give the hooks of a study by what they returned when they opened its record.

    Raises :class:`UserError` where the record is in another store than this directory's or
    MLFLOW_TRACKING_URI's. A study without a record has hooks that do nothing.
    """
    from omegaconf import OmegaConf

    from rcnn_sweep.application import RecordedStudy
    from rcnn_sweep.config import TrackingConfig
    from rcnn_sweep.sweep import StudyHooks
    from rcnn_sweep.tracking import RunReader

    if "run_id" not in parent:
        return StudyHooks(OmegaConf.create())
    reader = RunReader()
    experiment = reader.experiments()[reader.run(str(parent["run_id"])).experiment_id]
    return RecordedStudy(OmegaConf.create(), TrackingConfig(reader.uri, experiment))


def _left_running() -> list[str]:
    """Give the MLflow runs, ``NAME (ID)``, that say RUNNING while their process is gone."""
    from rcnn_sweep.tracking import is_there, left_running

    return [f"{name} ({run_id})" for run_id, name in left_running().items()] if is_there() else []


def _reap_runs() -> list[str]:
    """End those runs, in every experiment of the store, as interrupted; give their ids."""
    from rcnn_sweep.tracking import RunReader, Store, is_there

    if not is_there():
        return []
    reader = RunReader()
    names = reader.experiments().values()
    return [run_id for name in names for run_id in Store(reader.uri, name).reap()]
