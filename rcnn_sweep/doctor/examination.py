"""All checks in the order in which they are told."""

from collections import Counter
from collections.abc import Callable, Sequence

from rcnn_sweep.doctor import datasets, leftovers, machine, packages, stores
from rcnn_sweep.doctor.finding import Finding, Findings, problem

CHECKS: tuple[Callable[[], Findings], ...] = (
    packages.python,
    packages.required,
    packages.optional,
    machine.cores_and_memory,
    machine.gpu,
    machine.programs,
    stores.tracking,
    stores.studies,
    stores.folders,
    stores.disk,
    stores.file_systems,
    leftovers.legacy,
    leftovers.dead_runs,
    leftovers.clock,
    datasets.imdb,
    datasets.snippets,
)


def examine(*, deep: bool = False) -> list[Finding]:
    """Do every check; ``deep`` also imports TensorFlow in a process of its own (seconds)."""
    checks = (*CHECKS, machine.tensorflow) if deep else CHECKS
    return [finding for check in checks for finding in _survived(check)]


def _survived(check: Callable[[], Findings]) -> list[Finding]:
    """Do a check; one that breaks is a finding itself."""
    found: list[Finding] = []
    try:
        found.extend(check())
    except Exception as error:
        name = f"{check.__module__.rpartition('.')[2]}.{check.__name__}"
        advice = "Mend that first: the packages, then what the message names."
        found.append(problem(f"{name} broke off: {type(error).__name__}: {error}", advice))
    return found


def report(findings: Sequence[Finding]) -> str:
    """Give the findings as lines, the sum of them last."""
    counts = Counter(finding.level for finding in findings)
    problems = f"{counts['problem'] or 'no'} problem{'' if counts['problem'] == 1 else 's'}"
    notes = f"{counts['note'] or 'no'} note{'' if counts['note'] == 1 else 's'}"
    return "\n".join([*map(str, findings), f"{len(findings)} findings: {problems}, {notes}."])
