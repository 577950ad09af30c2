"""The machine: cores, memory, GPU and the programs that are called."""

import os
import shutil
import subprocess
import sys

from rcnn_sweep.doctor.finding import Findings, note, ok, problem
from rcnn_sweep.doctor.packages import version
from rcnn_sweep.process import module_command

WORKER_BYTES = 1_200_000_000
"""Memory of one worker on IMDB with TensorFlow on a CPU, rounded up."""

IMPORT_SECONDS = 120
DEVICES = (
    "import tensorflow as tf; "
    "print(tf.__version__, tf.test.is_built_with_cuda(), "
    "len(tf.config.list_physical_devices('GPU')))"
)


def cores_and_memory() -> Findings:
    """Compare the memory with what one worker on each core takes."""
    from rcnn_sweep.process import free_memory

    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    free = free_memory()
    thing = f"{count} CPU cores, {free / 1e9:.1f} GB of memory free"
    carried = int(free // WORKER_BYTES)
    if carried < 1:
        yield problem(thing, f"A run takes about {WORKER_BYTES / 1e9:.1f} GB: end other programs.")
    elif carried < (count or 1):
        yield note(thing, f"Sweep with hydra.sweeper.workers={carried}, or end other programs.")
    else:
        yield ok(thing)


def gpu() -> Findings:
    """Look for NVIDIA's GPUs and for what TensorFlow needs to use them."""
    if shutil.which("nvidia-smi") is None:
        yield ok("no NVIDIA GPU: TensorFlow computes on the CPU")
        return
    listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=2)
    names = [line.partition(" (UUID")[0] for line in listed.stdout.splitlines()]
    if listed.returncode or not names:
        yield note("nvidia-smi names no GPU", "Look at the driver: nvidia-smi -L.")
        return
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        yield note(f"{names[0]}, hidden", "unset CUDA_VISIBLE_DEVICES to use it.")
    elif not (version("nvidia-cudnn-cu12") or version("nvidia-cudnn-cu13")):
        install = module_command("pip", "install", "tensorflow[and-cuda]")
        advice = f"{install}, unless CUDA is installed otherwise."
        yield note(f"{names[0]}, but no CUDA libraries from pip", advice)
    else:
        yield ok(", ".join(names))


def programs() -> Findings:
    """Look for the programs that are called where there are any."""
    uses = {
        "dot": "Graphviz draws the network; without it the picture is plainer: install graphviz.",
        "git": "Without it records do not name the code's revision: install git.",
    }
    for name, advice in uses.items():
        path = shutil.which(name)
        yield ok(f"{name}: {path}") if path else note(f"{name} is not installed", advice)


def tensorflow() -> Findings:
    """Import TensorFlow in a process of its own: a processor too old for it ends that process."""
    command = [sys.executable, "-c", DEVICES]
    settings = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=IMPORT_SECONDS, env=settings
        )
    except subprocess.TimeoutExpired:
        advice = f"Its import took more than {IMPORT_SECONDS} s: is the disk very slow?"
        yield problem("TensorFlow cannot be imported", advice)
        return
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        yield problem(f"TensorFlow cannot be imported: {last:.200}", "Install it again.")
        return
    number, cuda, gpus = done.stdout.split()[-3:]
    built = "built with CUDA" if cuda == "True" else "built without CUDA"
    yield ok(f"TensorFlow {number} can be imported, {built}, sees {gpus} GPUs")
