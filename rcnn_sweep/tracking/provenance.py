"""The facts that let a number be traced: code revision, versions, machine."""

import getpass
import os
import platform
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import rcnn_sweep
from rcnn_sweep.names import Tag

PACKAGES = (
    *("tensorflow", "keras", "hydra-core", "omegaconf", "mlflow", "optuna", "scikit-learn"),
    *("numpy", "pandas", "pyarrow", "pillow"),
)


@cache
def version_of(package: str) -> str | None:
    """Give the installed version of a distribution, or None where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


@cache
def git_revision() -> tuple[str, bool] | None:
    """Give the commit of this package's checkout and whether tracked files differ from it.

    That is what it was when this process first asked, with the code that it has imported.
    None where the package is no checkout (an installed wheel) or git is absent: then the
    version is all there is to know.
    """
    package = Path(rcnn_sweep.__file__).resolve().parent
    if _git(package, "ls-files", "--error-unmatch", "__init__.py") is None:
        return None
    commit = _git(package, "rev-parse", "HEAD")
    changes = _git(package, "status", "--porcelain", "--untracked-files=no")
    return (commit, bool(changes)) if commit and changes is not None else None


def _git(folder: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def source_tags() -> dict[str, str]:
    """Give the tags that name the code and its author, MLflow's own names where it has them."""
    tags = {
        Tag.VERSION: rcnn_sweep.__version__,
        "mlflow.source.name": "python -m rcnn_sweep",
        "mlflow.source.type": "LOCAL",
        "mlflow.user": _user(),
    }
    revision = git_revision()
    if revision is not None:
        tags[Tag.GIT_COMMIT] = revision[0]
        tags[Tag.GIT_DIRTY] = str(revision[1]).lower()
    return tags


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def environment() -> dict[str, Any]:
    """Describe system and packages in a form ready for JSON."""
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "machine": platform.machine(),
        "processor": _processor(),
        "cpus": os.cpu_count(),
        "threads": os.environ.get("TF_NUM_INTRAOP_THREADS", "all"),
        "packages": {name: version_of(name) for name in PACKAGES},
        "rcnn_sweep": rcnn_sweep.__version__,
    }


@cache
def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
