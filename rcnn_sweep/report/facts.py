"""What the report says about runs and studies, read from both stores into plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Any

from rcnn_sweep.errors import UserError
from rcnn_sweep.evidence import judged_by
from rcnn_sweep.format import plain
from rcnn_sweep.names import Artifact, Tag
from rcnn_sweep.process import command, without_password
from rcnn_sweep.report.reference import Absent, References
from rcnn_sweep.report.refit import Refit
from rcnn_sweep.report.runs import RunFacts, run_facts
from rcnn_sweep.sweep import StudySnapshot, TrialSnapshot, importances
from rcnn_sweep.tracking import RunReader, RunSnapshot, run_page

SHOWN = 5
"""Best trials whose learning curves are drawn; more would be a tangle."""
MOST = 500
"""Trials told one by one, in rows, slices and lines: of a larger study, its best ones."""
NOT_RECORDED = Absent("This study is not recorded in MLflow, so its data is not known.")


@dataclass(frozen=True)
class StudyFacts:
    """A study, its runs by trial number, and what is drawn of them.

    ``ranked`` are the completed trials, the best first (of a Pareto front in the order of their
    numbers). ``details`` are the runs of the baseline and the first of ``ranked``. ``validation``
    and ``test`` are the plain references on these splits, ``test`` None without a ``refit``.
    ``store`` is the address of their MLflow store, its password masked.
    """

    study: StudySnapshot
    parent: RunSnapshot | None
    runs: Mapping[int, RunSnapshot]
    ranked: tuple[TrialSnapshot, ...]
    details: Mapping[int, RunFacts]
    importance: Mapping[str, float]
    environment: Mapping[str, Any] = field(default_factory=dict)
    validation: References | Absent = NOT_RECORDED
    refit: Refit | None = None
    test: References | Absent | None = None
    store: str = ""

    def page_of(self, run: RunSnapshot | None) -> str:
        """Give the address of a run in MLflow's page, empty where there is none."""
        return run_page(self.store, run.experiment_id, run.run_id) if run and self.store else ""

    @property
    def best(self) -> TrialSnapshot | None:
        """The best trial, of a Pareto front the first; None where none completed."""
        return self.study.best[0] if self.study.best else None

    @property
    def strongest(self) -> TrialSnapshot | None:
        """The best trial; of a Pareto front the one whose run has the highest val_accuracy."""
        front = [t for t in self.study.best if "val_accuracy" in self._metrics(t)]
        if len(self.study.directions) == 1 or not front:
            return self.best
        return max(front, key=lambda trial: self._metrics(trial)["val_accuracy"])

    def _metrics(self, trial: TrialSnapshot) -> Mapping[str, float]:
        run = self.runs.get(trial.number)
        return {} if run is None else run.metrics

    @property
    def judged_by(self) -> str:
        """What decides which of several is the stronger one."""
        return judged_by(self.study.metrics[0])

    @property
    def shown(self) -> list[TrialSnapshot]:
        """The trials whose curves are drawn: the best ones, and the baseline last."""
        first, baseline = list(self.ranked[:SHOWN]), self.study.baseline
        return first if baseline is None or baseline in first else [*first, baseline]

    @cached_property
    def excerpt(self) -> StudySnapshot:
        """The study with at most :data:`MOST` trials: the baseline, the best, and others in order.

        The trials are in the order of their numbers.
        """
        trials = self.study.trials
        if len(trials) <= MOST:
            return self.study
        baseline = (self.study.baseline,) if self.study.baseline else ()
        first = {t.number: t for t in (*baseline, *self.study.best, *self.ranked, *trials)}
        kept = sorted(islice(first.values(), MOST), key=lambda trial: trial.number)
        return replace(self.study, trials=tuple(kept))

    @property
    def left_out(self) -> str:
        """Say which trials the excerpt leaves out, empty where it has all."""
        shown, all_ = len(self.excerpt.trials), len(self.study.trials)
        if shown == all_:
            return ""
        return f"Of {all_} trials the {shown} best are shown here; sweep/trials.csv has all."

    def across(self, key: str, own: Any) -> str:
        """Tell what the trials have of ``key``; ``own``, the base config's, where they agree."""
        found = self.values(key)
        if len(found) < 2:
            return plain(own)
        if len(found) == 2 or not all(map(str.isdecimal, found)):
            return " or ".join(found) if len(found) <= SHOWN else f"{len(found)} values"
        return f"{found[0]} to {found[-1]}"

    def values(self, key: str) -> list[str]:
        """Give the different values that the trials' configs have of ``key``, numbers in order."""
        found = {run.params[key] for run in self.runs.values() if key in run.params}
        return sorted(found, key=lambda text: (len(text) if text.isdecimal() else 0, text))

    @property
    def data(self) -> Mapping[str, Any]:
        """The data's settings in the study's own record, empty for another app."""
        found = self.study.record.get("config", {}).get("data", {})
        return found if isinstance(found, Mapping) else {}


def study_facts(study: StudySnapshot, storage: str | None, reader: RunReader | None) -> StudyFacts:
    """Read everything about ``study``; without ``reader`` what its own storage knows."""
    parent = _parent(study, reader)
    runs = {} if parent is None or reader is None else _runs(study, reader, parent)
    ranked = _ranked(study)
    facts = StudyFacts(
        study=study,
        parent=parent,
        runs=runs,
        ranked=ranked,
        details={},
        importance=importances(study.name, storage),
    )
    if reader is None:
        return facts
    wanted = [trial.number for trial in facts.shown if trial.number in runs]
    details = {number: run_facts(reader, runs[number]) for number in wanted}
    store = without_password(reader.uri)
    return replace(facts, details=details, environment=_where(reader, runs), store=store)


def _parent(study: StudySnapshot, reader: RunReader | None) -> RunSnapshot | None:
    run_id = study.parent.get("run_id")
    if run_id is None or reader is None:
        return None
    try:
        parent = reader.run(str(run_id))
    except UserError as error:
        raise UserError(
            f"{error}\nThat is the run of study {study.name}: name its store "
            "(--tracking-uri URL or MLFLOW_TRACKING_URI)."
        ) from error
    if parent.tags.get(Tag.KIND) == "refit":
        raise UserError(
            f"report: expected a sweep's study; received {study.name}, a refit.\n"
            f"Its evidence is in the report of its study: "
            f"{command('report', parent.tags.get(Tag.STUDY, 'STUDY'))}"
        )
    return parent


def _runs(study: StudySnapshot, reader: RunReader, parent: RunSnapshot) -> dict[int, RunSnapshot]:
    """Give the runs of the trials; a repeated point has the run of its earlier trial."""
    by_id = {run.run_id: run for run in reader.children(parent.run_id)}
    own = {t.number: by_id[t.run_id] for t in study.trials if t.run_id in by_id}
    repeats = [t for t in study.trials if t.duplicate_of in own and t.number not in own]
    return {**own, **{t.number: own[t.duplicate_of] for t in repeats if t.duplicate_of is not None}}


def _ranked(study: StudySnapshot) -> tuple[TrialSnapshot, ...]:
    if len(study.directions) > 1:
        return study.best
    sign = -1 if study.directions[0] == "maximize" else 1
    own = [t for t in study.trials if t.state == "complete" and t.duplicate_of is None]
    return tuple(sorted(own, key=lambda t: (sign * t.values[0], t.number)))


def _where(reader: RunReader, runs: Mapping[int, RunSnapshot]) -> Mapping[str, Any]:
    """Give the environment of the first trial that recorded one, if one of the first did."""
    for run in islice(runs.values(), SHOWN):
        found = reader.json(run.run_id, Artifact.ENVIRONMENT)
        if isinstance(found, Mapping):
            return found
    return {}
