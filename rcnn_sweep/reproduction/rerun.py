"""Reproduce a run: read its record, train again as a run of its own, compare."""

import logging
from dataclasses import dataclass, replace

from rcnn_sweep import signals
from rcnn_sweep.checks import check
from rcnn_sweep.data import Dataset
from rcnn_sweep.process import ProcessId
from rcnn_sweep.reproduction.comparison import Row, closing, compare, table, tolerances
from rcnn_sweep.reproduction.data import same_data
from rcnn_sweep.reproduction.original import Original, numbers, read
from rcnn_sweep.reproduction.surroundings import Difference, adopt, differences
from rcnn_sweep.run import Job, recorded_run
from rcnn_sweep.runtime import device, start_tensorflow
from rcnn_sweep.tracking import Store
from rcnn_sweep.tracking.reading import Reader, RunRecord

log = logging.getLogger(__name__)

REPRODUCES = "rcnn_sweep.reproduces"


@dataclass(frozen=True)
class Reproduction:
    """The second run, what differs around it, and the numbers side by side."""

    run: RunRecord
    differences: tuple[Difference, ...]
    rows: tuple[Row, ...]

    @property
    def exactly(self) -> bool:
        """Whether the numbers must be equal: nothing that decides them has changed."""
        return not any(found.decides for found in self.differences)

    @property
    def agrees(self) -> bool:
        """Whether every recorded number has come out again."""
        return all(row.agrees for row in self.rows)


def reproduce(run_id: str, *, tracking_uri: str | None, data_path: str | None) -> Reproduction:
    """Train ``run_id`` of the store again and compare every number; logs what it does.

    A run that was stopped (pruned, interrupted) is trained as far as it came. Raises
    :class:`rcnn_sweep.errors.UserError` before anything is recorded where the record, its data
    or the store do not allow it.
    """
    reader = Reader(tracking_uri)
    original = read(reader, run_id)
    check(original.config)
    log.info("Reproducing %s.", original)
    sha256 = original.run.tags["rcnn_sweep.data_sha256"]
    dataset = same_data(original.config.data, sha256, data_path)
    log.info("Data: %s, its checksum is the recorded one.", dataset.source)
    adopt(original.environment)
    start_tensorflow()
    found = tuple(differences(original.environment, original.run.tags, device()))
    announce(found)
    run = train(reader, original, dataset)
    reproduction = Reproduction(run, found, compared(reader, original, run, found, dataset))
    conclude(reader, original, reproduction)
    return reproduction


def announce(found: tuple[Difference, ...]) -> None:
    """Say what is different, and what therefore counts as agreement."""
    for difference in found:
        log.info("Different: %s", difference)
    if any(difference.decides for difference in found):
        log.info("So rounding may differ: the numbers must agree within tolerance.")
    else:
        log.info("Same processor, device, threads and packages: the numbers must be equal.")


def train(reader: Reader, original: Original, dataset: Dataset) -> RunRecord:
    """Train again as a new run in the same experiment; give its record."""
    config = replace(original.config, data=dataset.config)
    tags = {REPRODUCES: original.run.run_id}
    job = Job(config, dataset, overrides=[], trial=None, tags=tags)
    with signals.noted(), signals.interruptible():
        recorded_run(job, Store(reader.uri, original.experiment))
    mine = f"tags.`{REPRODUCES}` = '{original.run.run_id}'"
    return reader.search(f"{mine} AND tags.`rcnn_sweep.process` = '{ProcessId.own()}'")[-1]


def compared(
    reader: Reader,
    original: Original,
    run: RunRecord,
    found: tuple[Difference, ...],
    dataset: Dataset,
) -> tuple[Row, ...]:
    """Put the numbers of both runs side by side, with a tolerance where one is due."""
    judged = len(dataset.validation)
    counts = {"train": len(dataset.train), "val": judged, "test": judged}
    is_exact = not any(difference.decides for difference in found)
    limits = {} if is_exact else tolerances(original.numbers, counts)
    return tuple(compare(original.numbers, numbers(reader, run), limits))


def conclude(reader: Reader, original: Original, reproduction: Reproduction) -> None:
    """Print the table and put it on the new run."""
    rows = reproduction.rows
    sentence = closing(rows, exactly=reproduction.exactly)
    record = Store(reader.uri, original.experiment).record(reproduction.run.run_id)
    text = "\n".join([*map(str, reproduction.differences), table(rows), sentence])
    record.text("reproduction/comparison.txt", text + "\n")
    record.tags({"rcnn_sweep.reproduced": str(reproduction.agrees).lower()})
    log.info("\n%s\n%s", table(rows), sentence)
