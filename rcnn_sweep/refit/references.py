"""The plain references as arms of a refit: judged on the same texts, recorded as the others are."""

import logging
from collections.abc import Container, Sequence
from typing import TYPE_CHECKING

from rcnn_sweep.data import DataConfig
from rcnn_sweep.evidence import Arm, Measured, Predicted
from rcnn_sweep.metrics import scores
from rcnn_sweep.names import Artifact, Tag
from rcnn_sweep.refit.predictions import Tested, read_predictions
from rcnn_sweep.tracking import RunReader, Store
from rcnn_sweep.training import REFERENCES

if TYPE_CHECKING:
    from rcnn_sweep.training import Reference

KIND = "reference"
NO_TRIAL = -2
"""The "trial" of an arm that is no network; :data:`rcnn_sweep.config.BASE_CONFIG` is -1."""

log = logging.getLogger(__name__)


def reference_arms(
    data: DataConfig,
    tested: Tested,
    seeds: Sequence[int],
    refit_run: str,
    *,
    reader: RunReader,
    store: Store,
) -> list[Measured]:
    """Give the references as arms, each with the predictions of its one run for every seed.

    Those that an earlier command recorded below ``refit_run`` are read, others trained on the rows
    of ``data`` and recorded. ``tested`` is what the networks were judged on. A reference that
    fails, or was judged on other texts, is left out with a warning: it must not cost a refit.
    """
    try:
        recorded = _recorded(refit_run, reader)
        if recorded.keys() != REFERENCES.keys():
            recorded |= _trained(data, refit_run, store, without=recorded.keys())
        read = {
            name: (run_id, read_predictions(reader, run_id)) for name, run_id in recorded.items()
        }
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        log.warning("The refit goes on without plain references. %s", told)
        return []
    found = []
    for name in [name for name in REFERENCES if name in read]:
        run_id, own = read[name]
        if not own.is_about_the_same_as(tested):
            log.warning("%s was judged on other texts and is left out.", REFERENCES[name].title)
            continue
        said = Predicted(run_id, own.predicted)
        arm = Arm(REFERENCES[name].title, NO_TRIAL, changes={}, validation={})
        found.append(Measured(arm, dict.fromkeys(seeds, said)))
    return found


def _recorded(refit_run: str, reader: RunReader) -> dict[str, str]:
    """Give the run ids of the references that are recorded already, by name."""
    return {
        run.tags[Tag.REFERENCE]: run.run_id
        for run in reader.children(refit_run)
        if run.tags.get(Tag.KIND) == KIND
        and run.tags.get(Tag.STATE) == "complete"
        and run.tags.get(Tag.REFERENCE) in REFERENCES
        and run.tags.get(Tag.REFERENCE_VERSION) == str(REFERENCES[run.tags[Tag.REFERENCE]].version)
    }


def _trained(
    data: DataConfig, refit_run: str, store: Store, *, without: Container[str]
) -> dict[str, str]:
    from rcnn_sweep.training import train_references

    log.info("Training the plain references, if need be.")
    return {
        found.name: _record(found, refit_run, store)
        for found in train_references(data, "test")
        if found.name not in without
    }


def _record(found: "Reference", refit_run: str, store: Store) -> str:
    """Record a reference as a child of the refit; give its run's id."""
    model = REFERENCES[found.name]
    tags = {
        Tag.REFERENCE: found.name,
        Tag.REFERENCE_VERSION: str(model.version),
        Tag.DATA_SHA256: found.sha256,
    }
    writer = store.start(KIND, name=model.title, tags=tags, parent=refit_run)
    try:
        said, truth = found.predictions.probabilities, found.predictions.truth
        judged = {f"test_{name}": score(said, truth) for name, score in scores().items()}
        writer.params({"model": model.about, "train_rows": found.rows})
        writer.metrics({**judged, "fit_seconds": found.seconds})
        with writer.artifact(Artifact.PREDICTIONS) as file:
            found.predictions.save(file)
        writer.complete()
    except BaseException as error:
        writer.failed(error)
        raise
    return writer.run_id
