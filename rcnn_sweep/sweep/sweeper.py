"""A sweep is a straight line: plan, open, fill, drain under supervision, summarise."""

import logging
import time
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from hydra.core.plugins import Plugins
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict, read_write

from rcnn_sweep.errors import Terminated
from rcnn_sweep.passwords import without_password
from rcnn_sweep.sweep.command import command_line
from rcnn_sweep.sweep.crews import Crew, LauncherCrew, ProcessCrew, launcher_job
from rcnn_sweep.sweep.driver import Driver
from rcnn_sweep.sweep.failure import SweepFailed
from rcnn_sweep.sweep.hooks import StudyHooks, StudyInfo, load_hooks
from rcnn_sweep.sweep.plan import Plan
from rcnn_sweep.sweep.planning import Request, base_config, make_plan
from rcnn_sweep.sweep.printing import print_opening, print_plan, print_summary
from rcnn_sweep.sweep.progress import Progress
from rcnn_sweep.sweep.queue import FATAL, INTERRUPTED, TRANSIENT, WITHDRAWN, Queue
from rcnn_sweep.sweep.reaper import Reaper
from rcnn_sweep.sweep.results import write_results
from rcnn_sweep.sweep.storage import masked
from rcnn_sweep.sweep.study import find_study, open_parent, open_study
from rcnn_sweep.sweep.summary import SweepSummary, summarise
from rcnn_sweep.sweep.worker import Assignment, WorkerJob

AGAIN = (*TRANSIENT, INTERRUPTED, FATAL, WITHDRAWN)
"""Why an earlier command's trials failed that this one tries again."""

NO_RESULT = "no trial came to a result"

log = logging.getLogger(__name__)

LOCAL = ("BasicLauncher", "JoblibLauncher")
"""Launchers of this machine; their workers are processes that the driver watches one by one."""


@dataclass(frozen=True)
class Sweep:
    """One ``-m`` command."""

    request: Request
    context: HydraContext
    task: TaskFunction

    def run(self) -> SweepSummary | None:
        """Run the command to its end; gives None for a dry run."""
        hooks = load_hooks(self.request.options["hooks"], base_config(self.request))
        plan = make_plan(self.request, hooks)
        found = find_study(plan)
        launcher = _launcher_name(self.request.master)
        if plan.settings.dry_run:
            print_plan(plan, launcher, found)
            return None
        print_opening(plan, launcher, found)
        queue = open_study(plan)
        info = _info(plan)
        parent = open_parent(queue, hooks, info)
        reaper = Reaper(queue, hooks, plan.settings.metrics)
        reaper.reap()
        queue.fill(plan.first, AGAIN)
        driver = self._driver(plan, queue, reaper, parent)
        return self._drive(driver, plan, hooks, info)

    def _drive(
        self, driver: Driver, plan: Plan, hooks: StudyHooks, info: StudyInfo
    ) -> SweepSummary:
        """Drive, and close the study's record whatever the end."""
        start = time.monotonic()
        state, reason = "complete", ""
        try:
            with Progress(driver.queue, plan, driver.began):
                driver.drive()
        except (KeyboardInterrupt, Terminated) as stop:
            state, reason = "interrupted", type(stop).__name__
            raise
        except Exception as error:
            state, reason = "failed", str(error)
            raise
        finally:
            wall = time.monotonic() - start
            summary = summarise(plan, driver.queue, state=state, reason=reason, wall_seconds=wall)
            if state == "complete" and not summary.best:
                summary = replace(summary, state="failed", reason=NO_RESULT)
            _write(summary, plan, driver.queue)
            closing = hooks.close_study(info, driver.job.assignment.parent, summary)
            print_summary(summary, info, closing)
        if not summary.best:
            raise SweepFailed(NO_RESULT)
        return summary

    def _driver(
        self, plan: Plan, queue: Queue, reaper: Reaper, parent: dict[str, object]
    ) -> Driver:
        master = sealed(self.request.master, plan)
        assignment = Assignment(
            settings=replace(plan.settings, n_trials=plan.n_trials),
            space=plan.space,
            study_name=plan.study_name,
            url=plan.url,
            directory=plan.directory,
            working_directory=Path.cwd(),
            fixed=plan.composer.fixed,
            parent=parent,
            session=uuid4().hex,
            began=datetime.now(),
            environment={},
        )
        job = WorkerJob(assignment, self.context, master, self.task)
        return Driver(queue, reaper, job, self._crew(job, plan.workers), plan.workers)

    def _crew(self, job: WorkerJob, size: int) -> Crew | None:
        """Give the workers of the chosen launcher; None where this process is the worker."""
        if _launcher_name(job.master) in LOCAL:
            is_here = size == 1 and job.assignment.settings.max_trials_per_worker is None
            return None if is_here else ProcessCrew(job, size)
        remote = launcher_job(job, size)
        launcher = Plugins.instance().instantiate_launcher(
            hydra_context=self.context, task_function=remote, config=job.master
        )
        return LauncherCrew(launcher, remote, size)


def _write(summary: SweepSummary, plan: Plan, queue: Queue) -> None:
    """Write the results; where that fails the study's record must be closed all the same."""
    try:
        write_results(summary, plan, queue)
    except Exception as error:
        log.warning("the results could not be written to %s: %s", summary.results, error)


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
