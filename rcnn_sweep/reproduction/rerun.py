"""Reproduce a run: read its record, train again as a run of its own, compare."""

import logging
from dataclasses import dataclass, replace

from rcnn_sweep.application import Job, check_same_vectors, recorded_run
from rcnn_sweep.config import check
from rcnn_sweep.data import Dataset
from rcnn_sweep.errors import UserError
from rcnn_sweep.names import Artifact, Tag
from rcnn_sweep.process import signals
from rcnn_sweep.reproduction.agreement import Row, closing, compare, table, tolerances
from rcnn_sweep.reproduction.original import Original, numbers, read
from rcnn_sweep.reproduction.same_data import located, same_data
from rcnn_sweep.reproduction.surroundings import Difference, adopt, differences
from rcnn_sweep.tracking import RunReader, RunSnapshot, Store
from rcnn_sweep.training import device, start_tensorflow

log = logging.getLogger(__name__)

REPRODUCES = Tag.REPRODUCES


@dataclass(frozen=True)
class Reproduction:
    """The second run, what differs around it, and the numbers side by side.

    ``exactly`` says that they must be equal: nothing that decides them has changed.
    """

    run: RunSnapshot
    differences: tuple[Difference, ...]
    rows: tuple[Row, ...]
    exactly: bool

    @property
    def agrees(self) -> bool:
        """Whether every recorded number has come out again."""
        return all(row.agrees for row in self.rows)


def reproduce(
    run_id: str, *, tracking_uri: str | None, data_path: str | None, vectors: str | None = None
) -> Reproduction:
    """Train ``run_id`` of the store again and compare every number; logs what it does.

    A run that was stopped (pruned, interrupted) is trained as far as it came. ``data_path`` and
    ``vectors`` say where its data and its word vectors lie now, None: where the record says. Raises
    :class:`rcnn_sweep.errors.UserError` before anything is recorded where the record, its data
    or the store do not allow it.
    """
    reader = RunReader(tracking_uri)
    original = read(reader, run_id)
    log.info("Reproducing %s.", original)
    data = located(original.config.data, original.sha256, data_path)
    original = _with_vectors(original, vectors)
    check(replace(original.config, data=data))
    check_same_vectors(original.config, original.run.tags)
    dataset = same_data(data, original.sha256)
    log.info("Data: %s, its checksum is the recorded one.", dataset.source)
    adopt(original.environment)
    start_tensorflow()
    found = tuple(differences(original.environment, original.run.tags, device()))
    for difference in found:
        log.info("Different: %s", difference)
    exactly = must_be_equal(original, found)
    run = train(reader, original, dataset)
    limits = {} if exactly else tolerances(original.numbers, counts(dataset))
    rows = tuple(compare(original.numbers, numbers(reader, run), limits))
    reproduction = Reproduction(run, found, rows, exactly)
    conclude(reader, original, reproduction)
    return reproduction


def _with_vectors(original: Original, path: str | None) -> Original:
    if path is None:
        return original
    if original.config.embedding.vectors is None:
        raise UserError("--vectors: expected a run with word vectors; received one without.")
    embedding = replace(original.config.embedding, vectors=path)
    return replace(original, config=replace(original.config, embedding=embedding))


def must_be_equal(original: Original, found: tuple[Difference, ...]) -> bool:
    """Say, in the log too, whether the numbers must be equal or within tolerance."""
    if not original.config.training.deterministic:
        log.info("training.deterministic=false: the numbers must agree within tolerance.")
        return False
    if any(difference.decides for difference in found):
        log.info("So rounding may differ: the numbers must agree within tolerance.")
        return False
    log.info("Same processor, device, threads and packages: the numbers must be equal.")
    return True


def train(reader: RunReader, original: Original, dataset: Dataset) -> RunSnapshot:
    """Train again as a new run in the same experiment; give its record."""
    config = replace(original.config, data=dataset.config)
    tags = {REPRODUCES: original.run.run_id}
    job = Job(config, dataset, overrides=[], trial=None, tags=tags)
    with signals.noted(), signals.interruptible():
        done = recorded_run(job, Store(reader.uri, original.experiment))
    return reader.run(done.run_id)


def counts(dataset: Dataset) -> dict[str, int]:
    """Count the texts that stand behind the prefixes of the metrics."""
    judged = len(dataset.validation)
    return {"train": len(dataset.train), "val": judged, "test": judged}


def conclude(reader: RunReader, original: Original, reproduction: Reproduction) -> None:
    """Print the table and put it on the new run."""
    rows = reproduction.rows
    sentence = closing(rows, exactly=reproduction.exactly)
    writer = Store(reader.uri, original.experiment).writer(reproduction.run.run_id)
    text = "\n".join([*map(str, reproduction.differences), table(rows), sentence])
    writer.text(Artifact.REPRODUCTION, text + "\n")
    writer.tags({Tag.REPRODUCED: str(reproduction.agrees).lower()})
    log.info("\n%s\n%s", table(rows), sentence)
