"""What a study found so far, as plain values: its trials, the arithmetic over them, the summary.

Nothing of Optuna or Hydra here, so that hooks and reports may import it openly.
"""

from rcnn_sweep.sweep.findings.arithmetic import (
    Pruning,
    best_of,
    confirmed,
    counts,
    counts_and_repeats,
    gain,
    pruning,
    ranked,
    standing_of,
    trial_at,
)
from rcnn_sweep.sweep.findings.snapshots import STATES, StudySnapshot, TrialSnapshot
from rcnn_sweep.sweep.findings.standings import Standing, standings, to_confirm
from rcnn_sweep.sweep.findings.sweep_summary import SweepSummary

__all__ = [
    "STATES",
    "Pruning",
    "Standing",
    "StudySnapshot",
    "SweepSummary",
    "TrialSnapshot",
    "best_of",
    "confirmed",
    "counts",
    "counts_and_repeats",
    "gain",
    "pruning",
    "ranked",
    "standing_of",
    "standings",
    "to_confirm",
    "trial_at",
]
