"""The end of a search: its best points and the baseline, run again with fresh seeds."""

from dataclasses import dataclass

from optuna.trial import TrialState

from rcnn_sweep.names import StudyAttr, TrialAttr
from rcnn_sweep.sweep.findings import TrialSnapshot, to_confirm
from rcnn_sweep.sweep.options import SweeperOptions
from rcnn_sweep.sweep.samplers import gives_every_point
from rcnn_sweep.sweep.study.slots import Slots
from rcnn_sweep.sweep.study.trials import INTERRUPTED, WITHDRAWN, kind_of, snapshot_of

RUNS = 2
"""How often each point is run again."""

SHARE, LEAST = 3, 3
"""At most one slot of so many is spent on that, and none where these would be fewer: two trials
tell less of luck than two new points find."""


@dataclass(frozen=True)
class Confirmation:
    """Which points are run again: the best ``most``, as they stand in ``direction``, and the
    baseline."""

    most: int
    direction: str

    def slots(self, total: int) -> range:
        """Give the slots of a study of ``total`` in which nothing new is tried.

        >>> Confirmation(3, "maximize").slots(30), Confirmation(3, "maximize").slots(9)
        (range(22, 30), range(6, 9))
        >>> Confirmation(3, "maximize").slots(8)
        range(8, 8)
        """
        slots = min(RUNS * (self.most + 1), total // SHARE)
        return range(total - (slots if slots >= LEAST else 0), total)

    def is_done(self, slots: Slots) -> bool:
        """Say whether as many slots as :meth:`slots` has were spent on it, or are being spent."""
        last = (slots.tried(slot)[-1] for slot in slots.taken())
        made = (
            TrialAttr.CONFIRMS in trial.user_attrs
            and kind_of(trial) not in (INTERRUPTED, WITHDRAWN)
            for trial in last
        )
        return sum(made) >= len(self.slots(slots.total))

    def next(self, slots: Slots) -> TrialSnapshot | None:
        """Give the first trial of the point whose turn it is; None where none is complete yet."""
        states = (TrialState.COMPLETE, TrialState.RUNNING)
        trials = [snapshot_of(trial) for trial in slots.trials if trial.state in states]
        return to_confirm(trials, self.direction, self.most, slots.attr(StudyAttr.BASELINE))


def confirmation_of(options: SweeperOptions) -> Confirmation | None:
    """Give what the options ask for; None where it is nothing.

    That is so for several objectives, and where each slot has its point: in a grid.
    """
    if not options.confirm or len(options.directions) > 1 or gives_every_point(options.sampler):
        return None
    return Confirmation(options.confirm, options.directions[0])
