"""Bring TensorFlow up quietly and in a known state: start-up lines, seed, determinism, devices."""

import gc
import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

# What TensorFlow 2.21 writes at every start, before its log level is in force.
NOISE = re.compile(
    r"WARNING: All log messages before absl::InitializeLog\(\) is called"
    r"|I\d{4} \d\d:\d\d:\d+\.\d+"
    r"|To enable the following instructions"
)
# On a machine without CUDA's driver a failing cuInit follows from that and says nothing more.
NO_CUDA = "Could not find cuda drivers on your machine"
FAILED_CUDA = "failed call to cuInit"


def start_tensorflow() -> None:
    """Import TensorFlow and find its devices without the start-up lines; warnings stay.

    ``TF_CPP_MIN_LOG_LEVEL`` is 1 afterwards (INFO hidden) unless the user has set it; 0 lets
    every line through.
    """
    logging.getLogger("tensorflow").addFilter(_is_worth_saying)
    level = os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    with _without_collections(), nullcontext() if level == "0" else _without_noise():
        _find_devices()


def _is_worth_saying(record: logging.LogRecord) -> bool:
    """Drop the advice about retracing: each trial has a network of its own, traced once."""
    return "triggered tf.function retracing" not in record.getMessage()


def _find_devices() -> None:
    import keras  # noqa: F401  (whoever starts TensorFlow needs it next)
    import tensorflow as tf

    tf.config.list_physical_devices()


@contextmanager
def _without_collections() -> Iterator[None]:
    """Have no garbage collected while modules are made, of which none is: a tenth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def _without_noise() -> Iterator[None]:
    """Hold back file descriptor 2, where the C++ side writes, and pass on what matters."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            sys.stderr.write(without_noise(held.read().decode(errors="replace")))


def without_noise(text: str) -> str:
    """Give ``text`` without the lines that TensorFlow writes at every start."""
    no_cuda = NO_CUDA in text
    lines = [line for line in text.splitlines(keepends=True) if not NOISE.match(line)]
    return "".join(line for line in lines if not (no_cuda and FAILED_CUDA in line))


def seed_everything(seed: int, *, deterministic: bool) -> None:
    """Seed Python, NumPy and TensorFlow, and choose between same numbers and most speed.

    With ``deterministic`` TensorFlow promises the same numbers for the same seed on the same
    hardware and software (``tf.config.experimental.enable_op_determinism``), GPUs included; an
    operation that cannot keep the promise raises. Across different devices nothing is promised.
    """
    import keras
    import tensorflow as tf

    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    if deterministic:
        tf.config.experimental.enable_op_determinism()


def device() -> str:
    """Name the device that TensorFlow computes on: the first GPU, else the CPU."""
    import tensorflow as tf

    for gpu in tf.config.list_physical_devices("GPU"):
        details = tf.config.experimental.get_device_details(gpu)
        return f"GPU {details.get('device_name', gpu.name)}"
    return "CPU"
