"""Which configs of a study are retrained, and what their records say."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rcnn_sweep import evidence
from rcnn_sweep.application import check_same_vectors, decided_epochs, of_fixed_length
from rcnn_sweep.config import BASE_CONFIG, Candidate, Config, RefitConfig, flat, from_yaml
from rcnn_sweep.data import expected_sha256
from rcnn_sweep.errors import UserError
from rcnn_sweep.evidence import METRICS, Arm
from rcnn_sweep.names import Artifact, Tag
from rcnn_sweep.process import typable
from rcnn_sweep.sweep import StudySnapshot, TrialSnapshot, ranked
from rcnn_sweep.tracking import RunReader

NOT_CONFIG = ("training.seed", "data.path", "data.validation", "tracking.")
"""What differs between two runs without making them other configs."""


@dataclass(frozen=True)
class RefitArm:
    """An arm of the comparison, and its ``config``, ready to be retrained but for its seed."""

    arm: Arm
    config: Config


def chosen(study: StudySnapshot, top: int) -> list[Candidate]:
    """Give the baseline and the ``top`` best other configs of a study, best first.

    The order is the sweep's own: where points were run again, that of their estimates. Configs are
    told apart by their parameters; of several objectives the Pareto front counts, in the order of
    the first. Raises :class:`UserError` where there is nothing to compare.
    """
    if not study.is_search:
        raise UserError(f"refit: expected a sweep's study; received {study.name}, itself a refit.")
    if "run_id" not in study.parent:
        raise UserError(f"refit: expected a study recorded in MLflow; {study.name} is not.")
    baseline = study.baseline
    others = _others(study, baseline)
    if not others:
        raise UserError(
            f"refit: expected a complete trial besides the baseline; {study.name} has none.\n"
            f"Resume it: {typable(study.command)}"
        )
    first = Candidate(BASE_CONFIG, str(study.parent["run_id"]))
    if baseline is not None:
        first = Candidate(baseline.number, str(baseline.run_id))
    return [first, *(Candidate(trial.number, str(trial.run_id)) for trial in others[:top])]


def _others(study: StudySnapshot, baseline: TrialSnapshot | None) -> list[TrialSnapshot]:
    pool = study.best if len(study.directions) > 1 else study.trials
    seen = [] if baseline is None else [baseline.params]
    others = []
    for trial in ranked(pool, study.directions[0]):
        if trial.params not in seen:
            seen.append(trial.params)
            others.append(trial)
    return others


def judged_by(study: StudySnapshot) -> str:
    """Give the test metric that decides."""
    return evidence.judged_by(study.metrics[0])


def arms(config: RefitConfig, reader: RunReader) -> list[RefitArm]:
    """Read the candidates' configs from their records, the baseline first.

    Raises :class:`UserError` where a record is missing or the data is no longer what it was.
    """
    recorded = [_recorded(candidate, reader) for candidate in config.candidates]
    lengths = [
        _epochs(candidate, own, reader)
        for candidate, own in zip(config.candidates, recorded, strict=True)
    ]
    configs = [_for_test(own, epochs) for own, epochs in zip(recorded, lengths, strict=True)]
    base = flat(configs[0])
    found = []
    for place, (candidate, own) in enumerate(zip(config.candidates, configs, strict=True)):
        check_data(own, reader.run(config.study_run).tags.get(Tag.DATA_SHA256))
        check_same_vectors(own, reader.run(candidate.run_id).tags)
        found.append(
            RefitArm(
                Arm(
                    name=f"trial {candidate.trial}" if place else "baseline",
                    trial=candidate.trial,
                    changes=changes(base, flat(own)),
                    validation=_validation(candidate, reader),
                    epochs=lengths[place],
                ),
                own,
            )
        )
    return found


def _recorded(candidate: Candidate, reader: RunReader) -> Config:
    path = Artifact.BASE_CONFIG if candidate.trial == BASE_CONFIG else Artifact.RESOLVED_CONFIG
    text = reader.text(candidate.run_id, path)
    if text is None:
        raise UserError(f"refit: expected {path} in run {candidate.run_id}, found none.")
    return from_yaml(text)


def _epochs(candidate: Candidate, config: Config, reader: RunReader) -> int | None:
    if candidate.trial == BASE_CONFIG:
        return None
    return decided_epochs(config.training, candidate.run_id, reader)


def _for_test(config: Config, epochs: int | None) -> Config:
    """Give the config that is judged on test, which selects no epoch."""
    training = of_fixed_length(config.training, epochs)
    return replace(config, data=replace(config.data, validation="test"), training=training)


def check_data(config: Config, sha256: str | None) -> None:
    """Raise :class:`UserError` where the data file has gone or is another than the study's."""
    path = config.data.path
    if path is not None and not Path(path).exists():
        raise UserError(f"data.path: expected the study's data; {path} has gone. Put it back.")
    if sha256 is not None and (found := expected_sha256(config.data)) != sha256:
        raise UserError(
            f"data.path: expected the study's data (SHA-256 {sha256[:12]}...); {path} is another "
            f"file now ({found[:12]}...). Put the old one back, or start a new study."
        )


def changes(base: Mapping[str, object], own: Mapping[str, object]) -> dict[str, object]:
    """Give the values of ``own`` that differ from ``base``, but for those that make no config."""
    return {
        key: value
        for key, value in own.items()
        if not key.startswith(NOT_CONFIG) and base.get(key) != value
    }


def _validation(candidate: Candidate, reader: RunReader) -> dict[str, float]:
    if candidate.trial == BASE_CONFIG:
        return {}
    metrics = reader.run(candidate.run_id).metrics
    return {name: metrics[f"val_{name}"] for name in METRICS if f"val_{name}" in metrics}
