"""A sweep is a straight line: plan, open, fill, drain under supervision, summarise."""

from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict, read_write

from rcnn_sweep.passwords import without_password
from rcnn_sweep.sweep.closing import Closing
from rcnn_sweep.sweep.command import command_line
from rcnn_sweep.sweep.crews import Crew, ProcessCrew
from rcnn_sweep.sweep.driver import Driver
from rcnn_sweep.sweep.hooks import StudyHooks, StudyInfo, load_hooks
from rcnn_sweep.sweep.launching import LauncherCrew, launched
from rcnn_sweep.sweep.plan import Plan
from rcnn_sweep.sweep.planning import Request, make_plan, with_points
from rcnn_sweep.sweep.printing import print_opening, print_plan
from rcnn_sweep.sweep.progress import Progress
from rcnn_sweep.sweep.queue import AFRESH, Queue
from rcnn_sweep.sweep.reaper import Reaper
from rcnn_sweep.sweep.resources import LOCAL, is_here
from rcnn_sweep.sweep.storage import masked
from rcnn_sweep.sweep.study import find_study, open_parent, open_study
from rcnn_sweep.sweep.summary import SweepSummary
from rcnn_sweep.sweep.worker import Assignment, WorkerJob


@dataclass(frozen=True)
class Sweep:
    """One ``-m`` command."""

    request: Request
    context: HydraContext
    task: TaskFunction

    def run(self) -> SweepSummary | None:
        """Run the command to its end; gives None for a dry run."""
        hooks = load_hooks(self.request.options["hooks"], self.request.base_config())
        plan = make_plan(self.request, hooks)
        found = find_study(plan)
        plan = with_points(plan, hooks, found.points() if found is not None else {})
        launcher = _launcher_name(self.request.master)
        if plan.settings.dry_run:
            print_plan(plan, launcher, found, hooks.caveats(plan.config))
            return None
        print_opening(plan, launcher, found)
        began = datetime.now()
        queue = open_study(plan)
        info = _info(plan)
        parent = open_parent(queue, hooks, info)
        closing = Closing(plan, queue, hooks, info, parent)
        return closing.after(lambda: self._drive(plan, queue, hooks, parent, began))

    def _drive(
        self,
        plan: Plan,
        queue: Queue,
        hooks: StudyHooks,
        parent: dict[str, object],
        began: datetime,
    ) -> None:
        reaper = Reaper(queue, hooks, plan.settings.metrics, began)
        reaper.reap()
        queue.fill(plan.first, AFRESH)
        job = self._job(plan, parent, began)
        crew = self._crew(job, plan.workers, queue, hooks)
        with Progress(queue, plan, began):
            Driver(queue, reaper, job, crew, plan.workers).drive()

    def _job(self, plan: Plan, parent: dict[str, object], began: datetime) -> WorkerJob:
        assignment = Assignment(
            settings=replace(plan.settings, n_trials=plan.n_trials, storage=None),
            space=plan.space,
            study_name=plan.study_name,
            url=plan.url,
            directory=plan.directory,
            working_directory=Path.cwd(),
            fixed=plan.composer.fixed,
            parent=parent,
            session=uuid4().hex,
            began=began,
        )
        return WorkerJob(assignment, self.context, sealed(self.request.master, plan), self.task)

    def _crew(self, job: WorkerJob, size: int, queue: Queue, hooks: StudyHooks) -> Crew | None:
        """Give the workers of the chosen launcher; None where this process is the worker."""
        work = job.assignment
        if _launcher_name(job.master) in LOCAL:
            return None if is_here(work.settings, size) else ProcessCrew(job, size)
        job = launched(job, size, hooks.environment())
        return LauncherCrew(job, size, lambda: queue.has_worked(work.session))


def _launcher_name(master: DictConfig) -> str:
    return str(master.hydra.launcher["_target_"]).rpartition(".")[2]


def _info(plan: Plan) -> StudyInfo:
    return StudyInfo(
        study_name=plan.study_name,
        storage=masked(plan.url),
        directory=plan.directory,
        directions=plan.settings.directions,
        metrics=plan.settings.metrics,
        space=plan.space.describe(),
        n_trials=plan.n_trials,
        seed=plan.settings.seed,
        command=command_line(),
        config=plan.config,
        url=plan.url,
    )


def sealed(master: DictConfig, plan: Plan) -> DictConfig:
    """Give the config for workers: names and paths settled, no password in it.

    Hydra writes this config to disk for every trial. Launchers compose their jobs from its list
    of overrides, so the directory must be among them.
    """
    copied = deepcopy(master)
    directory = str(plan.directory).replace("\\", "\\\\").replace("'", "\\'")
    with read_write(copied), open_dict(copied):
        given = [without_password(str(o)) for o in copied.hydra.overrides.hydra]
        copied.hydra.overrides.hydra = [*given, f"hydra.sweep.dir='{directory}'"]
        copied.hydra.sweep.dir = str(plan.directory)
        copied.hydra.sweeper.study_name = plan.study_name
        if copied.hydra.sweeper.storage is not None:
            copied.hydra.sweeper.storage = masked(plan.url)
    return copied
