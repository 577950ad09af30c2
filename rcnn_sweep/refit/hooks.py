"""How a refit takes part in the sweep engine: its points, its record, and its evidence."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from rcnn_sweep.application import RecordedTrials, attach_report
from rcnn_sweep.config import check, refit_config, to_yaml
from rcnn_sweep.data import load
from rcnn_sweep.evidence import trained_for
from rcnn_sweep.names import Tag
from rcnn_sweep.refit.candidates import RefitArm, arms
from rcnn_sweep.refit.points import slotted, wanted
from rcnn_sweep.sweep import StudyInfo
from rcnn_sweep.tracking import RunReader, Store, check_store, how_to_see, tracking_uri

if TYPE_CHECKING:
    from rcnn_sweep.sweep import Params, SweepSummary


class RecordedRefit(RecordedTrials):
    """The refit is an MLflow run; its runs are children, its evidence artifacts."""

    def __init__(self, config: DictConfig) -> None:
        """Compare what ``config``, the composed refit, names."""
        super().__init__(config)
        self.asked = refit_config(config)

    @cached_property
    def reader(self) -> RunReader:
        """The store that the study is recorded in, to read from."""
        return RunReader(self.asked.tracking.uri, is_known=True)

    @cached_property
    def store(self) -> Store:
        """The same store, to write to: the experiment is the study's."""
        name = self.reader.experiment(self.asked.study_run)
        return Store(tracking_uri(self.asked.tracking.uri), name)

    @cached_property
    def arms(self) -> list[RefitArm]:
        """The configs to compare, the baseline first."""
        return arms(self.asked, self.reader)

    def prepare(self, config: DictConfig, dry_run: bool) -> list[str]:
        """Read the candidates' records, and have their data found, checked and encoded."""
        check_store(tracking_uri(self.asked.tracking.uri))
        if told := trained_for([arm.arm for arm in self.arms]):
            print(told)
        for arm in self.arms:
            check(arm.config)
            if not dry_run:
                load(arm.config.data, say=print)
        return []

    def points(
        self, config: DictConfig, tried: Mapping[int, "Params"]
    ) -> dict[int, "Params"] | None:
        """Give a point for each candidate and seed; those tried keep their slots."""
        return slotted(wanted(self.asked), tried)

    def record(self, config: DictConfig) -> dict[str, Any]:
        """Give what a refit is about; candidates and seeds may join later."""
        return {"study": self.asked.study, "study_run": self.asked.study_run}

    def open_study(self, info: StudyInfo, parent: Mapping[str, Any] | None) -> dict[str, Any]:
        """Start the refit's run or take it up again; trials get the configs from here."""
        store = self.store
        store.reap(but_study=info.study_name)
        name = f"refit of {self.asked.study}"
        tags = {Tag.STUDY: self.asked.study, Tag.STUDY_RUN: self.asked.study_run}
        run_id = self.parent_run(info, parent, kind="refit", name=name, tags=tags).run_id
        if parent is None and not store.has_params(run_id):
            told = {"study": self.asked.study, "judged_by": self.asked.judged_by}
            store.writer(run_id).params(told)
        given = {
            str(one.arm.trial): {"name": one.arm.name, "config": to_yaml(one.config)}
            for one in self.arms
        }
        return {"run_id": run_id, "experiment": self.reader.experiment(run_id), "arms": given}

    def near_end(self) -> None:
        """Train the references of the comparison."""
        self._ahead.start(self.arms[0].config.data, "test")

    def _close(self, info: StudyInfo, run_id: str, summary: "SweepSummary") -> list[str]:
        """Compare the runs of a refit that came to its end; end its record truthfully."""
        writer = self.store.writer(run_id)
        self.store.reap()  # runs of killed workers that no trial came to name
        lines: list[str] = []
        if summary.state == "interrupted":
            writer.interrupted(summary.reason)
        elif summary.state == "failed":
            writer.lost(summary.reason)
        else:
            from rcnn_sweep.refit.conclusion import conclude

            try:
                self._ahead.finish()
                lines = conclude(self.asked, self.arms, self.reader, self.store, writer.run_id)
            except BaseException as error:
                writer.failed(error)
                raise
            writer.complete()
            attach_report(self.asked.study, info.url, self.store.uri, may_train=True)
        return [*lines, how_to_see(self.store, writer.run_id)]
