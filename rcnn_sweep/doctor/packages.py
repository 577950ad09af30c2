"""Python and the packages: what is installed against what is asked for."""

import platform
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from rcnn_sweep.doctor.finding import Findings, note, ok, problem
from rcnn_sweep.process import module_command

OLDEST_PYTHON = (3, 11)
SHOWN = ("tensorflow", "keras", "mlflow", "optuna", "hydra-core")
EXTRAS = {
    "ray": "hydra/launcher=ray",
    "slurm": "hydra/launcher=submitit_local and submitit_slurm",
    "gp": "hydra.sweeper.sampler.name=gp",
    "postgres": "studies in PostgreSQL",
    "mysql": "studies in MariaDB or MySQL",
    "dashboard": "optuna-dashboard",
}
_EXTRA = re.compile(r"""extra\s*==\s*['"]([\w-]+)['"]""")


def python() -> Findings:
    """Look at Python's version."""
    oldest = ".".join(map(str, OLDEST_PYTHON))
    if sys.version_info < OLDEST_PYTHON:
        yield problem(f"Python {platform.python_version()}", f"Use Python {oldest} or later.")
    else:
        yield ok(f"Python {platform.python_version()} ({sys.executable})")


def required() -> Findings:
    """Look for every package that the project depends on, within its range."""
    wanted = [words for extra, words in requirements() if extra is None]
    if not wanted:
        yield note("the project's requirements are not recorded", f"Install it: {pip('-e', '.')}")
    wrong = [words for words in wanted if fault(words)]
    for words in wrong:
        yield problem(f"{words}: {fault(words)}", pip(words))
    versions = ", ".join(f"{name} {version(name)}" for name in SHOWN)
    if wanted and not wrong:
        yield ok(f"{len(wanted)} packages within their ranges ({versions})")


def pip(*words: str) -> str:
    """Give the command that installs ``words`` for this interpreter."""
    return module_command("pip", "install", *words)


def optional() -> Findings:
    """Look for the packages that only some settings need."""
    missing: dict[str, list[str]] = {}
    for extra, words in requirements():
        if extra in EXTRAS and fault(words):
            missing.setdefault(extra, []).append(words)
    if present := [name for name in EXTRAS if name not in missing]:
        yield ok(f"extras installed: {', '.join(present)}")
    for extra, several in missing.items():
        yield note(f"extra {extra} is not installed", f"For {EXTRAS[extra]}: {pip(*several)}")


def requirements() -> Iterator[tuple[str | None, str]]:
    """Give extra (None: always needed) and requirement, of the checkout or as installed."""
    project = Path(__file__).resolve().parents[2] / "pyproject.toml"
    if project.is_file():
        described = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
        yield from ((None, words) for words in described["dependencies"])
        for extra, several in described["optional-dependencies"].items():
            yield from ((extra, words) for words in several)
        return
    try:
        recorded = metadata.requires("rcnn_sweep") or []
    except metadata.PackageNotFoundError:
        return
    for line in recorded:
        words, _, marker = line.partition(";")
        extra = _EXTRA.search(marker)
        yield (extra[1] if extra else None, words.strip())


def version(name: str) -> str | None:
    """Give the installed version of a distribution, None if there is none."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def fault(words: str) -> str:
    """Say what is wrong with the requirement ``words``; empty where it is met."""
    from packaging.requirements import Requirement

    wanted = Requirement(words)
    installed = version(wanted.name)
    if installed is None:
        return "not installed"
    if wanted.specifier.contains(installed, prereleases=True):
        return ""
    return f"{installed} is installed"
