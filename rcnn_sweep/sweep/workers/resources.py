"""How many workers this machine carries and what each of them may use."""

import os
import subprocess
from collections.abc import Mapping
from shutil import which

from rcnn_sweep.sweep.options import SweeperOptions

THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
"""Variables that numerical libraries read once, when they are imported."""


def cores() -> int:
    """Count the CPU cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def gpus() -> list[str]:
    """List the GPUs this process may use, without importing a deep learning library."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name.strip() for name in visible.split(",") if name.strip() not in ("", "-1")]
    if which("nvidia-smi") is None:
        return []
    listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False)
    lines = listed.stdout.splitlines() if listed.returncode == 0 else []
    return [str(index) for index, line in enumerate(lines) if line.startswith("GPU ")]


def is_here(options: SweeperOptions, workers: int) -> bool:
    """Say whether the driver's own process is the worker; without a launcher only."""
    return workers == 1 and options.max_trials_per_worker is None


def automatic_workers(n_trials: int) -> int:
    """Give one worker for each GPU, else for each core, and no more than trials."""
    return max(1, min(len(gpus()) or cores(), n_trials))


def threads_of(workers: int) -> int:
    """Give the threads of each of ``workers`` that share the cores."""
    return max(1, cores() // workers)


def environment_of(workers: int) -> Mapping[str, str]:
    """Give the environment variables of each worker; those already set win over them.

    Workers that share a GPU must not each take all of its memory, as TensorFlow does otherwise.
    """
    threads = str(threads_of(workers))
    variables = dict.fromkeys(THREADS, threads) | {
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    }
    return variables if workers > 1 else {}


def devices_of(index: int, workers: int) -> Mapping[str, str]:
    """Give the variable that shows worker ``index`` one GPU; nothing without GPUs."""
    available = gpus()
    if not available or workers == 1:
        return {}
    return {"CUDA_VISIBLE_DEVICES": available[index % len(available)]}
