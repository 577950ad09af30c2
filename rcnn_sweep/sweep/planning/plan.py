"""What a command is going to do, settled before anything runs; also what a dry run prints."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from rcnn_sweep.process import CommandLine
from rcnn_sweep.sweep.feasibility import Infeasible
from rcnn_sweep.sweep.findings import TrialSnapshot
from rcnn_sweep.sweep.options import SweeperOptions
from rcnn_sweep.sweep.space import Composer, Params, Space


@dataclass(frozen=True)
class Plan:
    """A sweep settled: ``first`` are the points fixed from the start, by slot.

    ``unprunable`` says why trials cannot be pruned although a pruner is chosen. ``given`` are the
    overrides that hold for all trials as the user typed them, ``unsearched`` those of them that
    took a key out of the space; ``composer`` has those that the application settled, too.
    ``typed`` is the command that resumes the study. ``defaults`` are what the record's config has
    where nothing is set.

    ``is_total_given`` says that the command itself names ``n_trials``, and not a default, which
    does not change the total of a study that has one.

    ``is_search`` is false where the application gives all points: ``left_out`` are then the
    slots that are not to be tried.
    """

    options: SweeperOptions
    unprunable: str
    given: tuple[str, ...]
    unsearched: tuple[str, ...]
    study_name: str
    url: str
    directory: Path
    space: Space
    first: Mapping[int, Params]
    baseline: Params | None
    n_trials: int
    is_total_given: bool
    workers: int
    infeasible: Infeasible
    record: Mapping[str, object]
    defaults: Mapping[str, object]
    config: DictConfig
    composer: Composer
    typed: CommandLine
    is_search: bool = True
    left_out: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """Give the number of slots that are to hold a trial."""
        return self.n_trials - len(self.left_out)


def estimate(plan: Plan, trials: Sequence[TrialSnapshot]) -> str:
    """Give the expected wall time of what remains, from the trials that have completed."""
    seconds = [
        trial.seconds
        for trial in trials
        if trial.state in ("complete", "pruned")
        and trial.seconds is not None
        and trial.duplicate_of is None
    ]
    if not seconds:
        return "unknown until a trial of this study has ended"
    remaining = plan.size - len(seconds)
    total = max(0, remaining) * statistics.mean(seconds) / plan.workers
    return f"about {total / 60:.1f} min for {max(0, remaining)} trials"
