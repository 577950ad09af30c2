"""How the trials of a study stand: counted by state, and which of them are the best."""

from collections import Counter
from collections.abc import Sequence

from optuna.trial import FrozenTrial, TrialState

from rcnn_sweep.sweep.study.queue import kind_of, slots_of


def counts_of(trials: Sequence[FrozenTrial]) -> dict[str, int]:
    """Count the slots by the state of the trial that counts, and the attempts behind them."""
    last = [history[-1] for history in slots_of(trials).values()]
    counts: Counter[str] = Counter(word_of(trial) for trial in last)
    attempts = sum(len(history) - 1 for history in slots_of(trials).values())
    return {**counts, "repeated": attempts} if attempts else dict(counts)


def word_of(trial: FrozenTrial) -> str:
    """Give a trial's state in a word; FAIL is failed, interrupted or withdrawn."""
    if trial.state is not TrialState.FAIL:
        return str(trial.state.name.lower())
    kind = kind_of(trial)
    return kind if kind in ("interrupted", "withdrawn") else "failed"


def best_of(trials: Sequence[FrozenTrial], directions: Sequence[str]) -> list[FrozenTrial]:
    """Give the best trial, the earliest of equals; of several objectives the Pareto front."""
    complete = [trial for trial in trials if trial.state is TrialState.COMPLETE]
    front = [t for t in complete if not any(_dominates(o, t, directions) for o in complete)]
    return front if len(directions) > 1 else front[:1]


def _dominates(one: FrozenTrial, other: FrozenTrial, directions: Sequence[str]) -> bool:
    signs = [1 if d == "maximize" else -1 for d in directions]
    gains = [s * (a - b) for s, a, b in zip(signs, one.values, other.values, strict=True)]
    return bool(min(gains) >= 0 and max(gains) > 0)
