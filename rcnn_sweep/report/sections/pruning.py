"""What pruning saved."""

from dataclasses import dataclass

from rcnn_sweep.format import counted, duration, share
from rcnn_sweep.report.facts import StudyFacts
from rcnn_sweep.sweep import Pruning, pruning


@dataclass(frozen=True)
class Saving:
    """The section: what was saved, as a sentence."""

    sentence: str


def saving_of(facts: StudyFacts) -> Saving:
    """Give the section; every study has one."""
    return Saving(_told(pruning(facts.study.trials)))


def _told(saving: Pruning) -> str:
    if not saving.pruned:
        return "No trial was stopped early."
    stopped = counted(saving.pruned, "trial was", "trials were")
    told = (
        f"{saving.pruned} of {saving.ended} trials were stopped early, as their course fell "
        f"behind: {saving.run} of {saving.full} epochs were run, and {share(saving.saved)} of "
        "the work was not done."
    )
    if not saving.full:
        told = f"{stopped} stopped early."
    elif saving.run == saving.full:
        return f"{stopped} stopped, after the last epoch."
    if saving.seconds_a_step and saving.full:
        seconds = (saving.full - saving.run) * saving.seconds_a_step
        told += (
            f" At the complete trials' median of {duration(saving.seconds_a_step)} an epoch that "
            f"is about {duration(seconds)} of computing."
        )
    return told
