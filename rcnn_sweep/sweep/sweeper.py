"""A sweep is a straight line: plan, open, fill, drain under supervision, summarise."""

from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict, read_write

from rcnn_sweep.names import StudyAttr
from rcnn_sweep.overrides import as_typed, override
from rcnn_sweep.process import without_password
from rcnn_sweep.sweep.closing import Closing
from rcnn_sweep.sweep.console import Progress, print_opening, print_plan
from rcnn_sweep.sweep.findings import SweepSummary
from rcnn_sweep.sweep.hooks import StudyHooks, StudyInfo, load_hooks
from rcnn_sweep.sweep.opening import find_study, open_parent, open_study, placed
from rcnn_sweep.sweep.planning import (
    Plan,
    Request,
    make_plan,
    outside_jobs,
    with_points,
    with_total,
)
from rcnn_sweep.sweep.storage import masked
from rcnn_sweep.sweep.study import Queue, Reaper
from rcnn_sweep.sweep.workers import (
    Driver,
    LauncherPool,
    ProcessPool,
    WorkerJob,
    WorkerPool,
    WorkerSpec,
    is_here,
    launched,
    launcher_of,
    packed,
)


@dataclass(frozen=True)
class Sweep:
    """One ``-m`` command, or the same asked for from Python, in any thread."""

    request: Request
    context: HydraContext
    task: TaskFunction

    def run(self) -> SweepSummary | None:
        """Run to the end and return what was found; None for a dry run.

        Raises :class:`UserError` for a mistake, :class:`SweepFailed` where no result was reached,
        and passes on what interrupted it; the study's record is closed by then.
        """
        with outside_jobs(self.request.master):
            return self._run()

    def _run(self) -> SweepSummary | None:
        launcher = launcher_of(self.request.master)
        launcher.settle(self.request.master.hydra.launcher)
        hooks = load_hooks(self.request.options["hooks"], self.request.base_config())
        plan = make_plan(self.request, hooks)
        found = find_study(plan)
        plan = with_points(plan, hooks, found.points() if found is not None else {})
        plan = with_total(plan, found.size() if found is not None else None)
        plan = placed(plan, self.request.master, found)
        job = self._job(plan)
        pool = self._processes(job, plan) if launcher.is_watched else None
        if pool is not None:
            packed(job)  # what cannot be copied, before it runs
        if plan.options.dry_run:
            print_plan(plan, launcher, found, hooks.caveats(plan.config))
            return None
        print_opening(plan, launcher, found)
        queue = open_study(plan)
        try:
            if pool is not None:
                pool.scale_to(job.spec.wanted(queue.look(), plan.workers))
            return self._opened(plan, queue, hooks, job, pool)
        finally:
            if pool is not None:
                pool.kill()

    def _opened(
        self,
        plan: Plan,
        queue: Queue,
        hooks: StudyHooks,
        job: WorkerJob,
        pool: ProcessPool | None,
    ) -> SweepSummary:
        """Open the study's record, which takes seconds in a new folder, and have trials run."""
        info = _info(plan, str(queue.study_attr(StudyAttr.IDENTITY)))
        parent = open_parent(queue, hooks, info)
        job = replace(job, spec=replace(job.spec, parent=parent))
        closing = Closing(plan, queue, hooks, info, parent)
        return closing.after(lambda: self._drive(plan, queue, hooks, job, pool))

    def _drive(
        self,
        plan: Plan,
        queue: Queue,
        hooks: StudyHooks,
        job: WorkerJob,
        processes: ProcessPool | None,
    ) -> str:
        began = job.spec.began
        reaper = Reaper(queue, hooks, plan.options.metrics, began)
        reaper.reap(queue.look())
        pool: WorkerPool | None = processes
        if processes is not None:
            processes.give(job)
        elif not launcher_of(job.master).is_watched:
            job = launched(job, plan.workers, hooks.environment())
            pool = LauncherPool(job, plan.workers, lambda: queue.has_worked(job.spec.session))
        with Progress(
            queue,
            plan,
            began,
            lambda: hooks.expected_seconds(plan.config),
            is_watched=pool is not None,
        ):
            return Driver(queue, reaper, job, pool, plan.workers, hooks.near_end).drive()

    def _job(self, plan: Plan) -> WorkerJob:
        """Give what workers do, but for their record, which is yet to be opened."""
        spec = WorkerSpec(
            options=replace(plan.options, n_trials=plan.n_trials, storage=None),
            space=plan.space,
            study_name=plan.study_name,
            url=plan.url,
            directory=plan.directory,
            working_directory=Path.cwd(),
            fixed=plan.composer.fixed,
            points=plan.first,
            parent={},
            session=uuid4().hex,
            began=datetime.now(),
        )
        return WorkerJob(spec, self.context, sealed(self.request.master, plan), self.task)

    def _processes(self, job: WorkerJob, plan: Plan) -> ProcessPool | None:
        """Give the pool of processes of this machine; None where this one is the worker."""
        if is_here(plan.options, plan.workers):
            return None
        return ProcessPool(job.spec.directory, plan.workers, plan.options.hooks)


def _info(plan: Plan, identity: str) -> StudyInfo:
    return StudyInfo(
        study_name=plan.study_name,
        identity=identity,
        storage=masked(plan.url),
        directory=plan.directory,
        directions=plan.options.directions,
        metrics=plan.options.metrics,
        space=plan.space.describe(),
        n_trials=plan.n_trials,
        seed=plan.options.seed,
        command=str(plan.typed),
        config=plan.config,
        url=plan.url,
    )


def sealed(master: DictConfig, plan: Plan) -> DictConfig:
    """Give the config for workers: names and paths settled, no password in it.

    Hydra writes this config to disk for every trial. Launchers compose their jobs from its list
    of overrides, so the directory must be among them.
    """
    copied = deepcopy(master)
    with read_write(copied), open_dict(copied):
        given = map(without_password, as_typed(copied.hydra.overrides.hydra))
        copied.hydra.overrides.hydra = [
            *given,
            override("hydra.sweep.dir", str(plan.directory)),
        ]
        copied.hydra.sweep.dir = str(plan.directory)
        copied.hydra.sweeper.study_name = plan.study_name
        if copied.hydra.sweeper.storage is not None:
            copied.hydra.sweeper.storage = masked(plan.url)
    return copied
