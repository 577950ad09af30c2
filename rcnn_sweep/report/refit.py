"""A study's latest refit: its evidence, and the runs whose confusion matrices are shown."""

import logging
from dataclasses import dataclass

from rcnn_sweep.evidence import BETTER, Evidence, Judged, NotEvidence, from_json
from rcnn_sweep.names import Artifact, Tag
from rcnn_sweep.report.runs import RunFacts, run_facts
from rcnn_sweep.tracking import RunReader, RunSnapshot

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refit:
    """A refit's evidence as recorded; ``run_id`` is the refit's own run.

    ``baseline`` and ``leader`` (the candidate with the best mean) are runs of one seed each.
    """

    evidence: Evidence
    run_id: str
    baseline: RunFacts | None
    leader: RunFacts | None

    @property
    def is_better(self) -> bool:
        """Say whether the candidate with the best mean was found better than the baseline."""
        leader = self.evidence.leader
        found = None if leader is None else self.evidence.comparison(leader)
        return found is not None and found.verdict == BETTER


def find_refit(study: str, study_run: RunSnapshot, reader: RunReader) -> Refit | None:
    """Read the latest refit that left evidence of this very study, None where there is none.

    An earlier study may have had the name ``study``: the run ``study_run`` tells them apart.
    """
    refits = reader.search(f"tags.`{Tag.KIND}` = 'refit'", [study_run.experiment_id])
    # A name may hold any quote, so it is compared here and not in the query.
    for run in reversed([run for run in refits if run.tags.get(Tag.STUDY) == study]):
        evidence = _evidence(reader, run.run_id)
        if evidence is not None and evidence.asked.study_run == study_run.run_id:
            return Refit(
                evidence,
                run.run_id,
                _first_run(reader, evidence.baseline),
                _first_run(reader, evidence.leader),
            )
    return None


def _evidence(reader: RunReader, run_id: str) -> Evidence | None:
    document = reader.json(run_id, Artifact.EVIDENCE)
    if document is None:
        return None
    try:
        return from_json(document)
    except NotEvidence as error:
        log.warning("The evidence of run %s is left out. %s", run_id, error)
        return None


def _first_run(reader: RunReader, arm: Judged | None) -> RunFacts | None:
    if arm is None or not arm.runs:
        return None
    return run_facts(reader, reader.run(arm.runs[0].run_id))
