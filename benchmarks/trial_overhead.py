"""What a trial costs besides fitting and evaluating, in a warm process, and what it is made of.

    python benchmarks/trial_overhead.py --trials 5

Trains a small network on the snippets several times in one process, each with a complete MLflow
record, and prints the median CPU seconds of each part, those of child processes included. With
tensorboard installed it also measures the named alternative, `mlflow.tensorflow.autolog` around
the same fit, in turn with ours, and prints the ratio of the two overheads.
"""

import argparse
import gc
import importlib.util
import os
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from rcnn_sweep.training import start_tensorflow

start_tensorflow()

from rcnn_sweep.application import Job, recorded_run  # noqa: E402
from rcnn_sweep.config import Config, TrackingConfig, TrainingConfig  # noqa: E402
from rcnn_sweep.data import Dataset, SnippetsConfig, load  # noqa: E402
from rcnn_sweep.network import ConvConfig, LstmConfig  # noqa: E402
from rcnn_sweep.tracking import Store, tracking_uri  # noqa: E402
from rcnn_sweep.training import (  # noqa: E402
    batches,
    build_model,
    experiment,
    seed_everything,
)

PARTS = {
    "_describe": "params, tags, dataset, config",
    "seed_everything": "clear the session, seed",
    "_show_network": "summary and picture of the network",
    "_fit": "FIT",
    "evaluate": "EVALUATE",
    "_show_evaluation": "figures and reports",
    "_keep_weights": "weights",
}
NOT_OVERHEAD = ("_fit", "evaluate")

Seconds = dict[str, list[float]]


def cpu_seconds() -> float:
    """Give what this process and its children have computed: other work does not lengthen it."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


@contextmanager
def timed_parts(seconds: Seconds) -> Iterator[None]:
    """Time every part of :mod:`rcnn_sweep.training.experiment` named in :data:`PARTS`."""
    kept = {name: getattr(experiment, name) for name in PARTS}
    for name, part in kept.items():
        setattr(experiment, name, _timed(part, seconds[name]))
    try:
        yield
    finally:
        for name, part in kept.items():
            setattr(experiment, name, part)


def _timed(part: Callable[..., Any], into: list[float]) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        started = cpu_seconds()
        try:
            return part(*arguments, **options)
        finally:
            into.append(cpu_seconds() - started)

    return call


def ours(config: Config, dataset: Dataset, store: Store, seconds: Seconds) -> float:
    """Run one recorded trial; give its seconds outside fit and evaluation."""
    started = cpu_seconds()
    with timed_parts(seconds):
        recorded_run(Job(config, dataset, [], None), store)
    whole = cpu_seconds() - started
    return whole - sum(seconds[name][-1] for name in NOT_OVERHEAD)


def autolog(config: Config, dataset: Dataset) -> float:
    """Do the same fit under MLflow's autologging; give its seconds outside fit and evaluation."""
    import mlflow

    seed_everything(0, deterministic=True)
    model = build_model(config, classes=2)
    training = batches(dataset.train, config.training.batch_size, shuffle_seed=0)
    validation = batches(dataset.validation, 512)
    started = cpu_seconds()
    model.fit(training, epochs=config.training.epochs, validation_data=validation, verbose=0)
    plain = cpu_seconds() - started
    seed_everything(0, deterministic=True)
    started = cpu_seconds()
    model = build_model(config, classes=2)
    mlflow.tensorflow.autolog(silent=True)
    try:
        with mlflow.start_run():
            model.fit(
                training, epochs=config.training.epochs, validation_data=validation, verbose=0
            )
    finally:
        mlflow.tensorflow.autolog(disable=True)
    return cpu_seconds() - started - plain


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=5)
    count = parser.parse_args().trials
    config = Config(
        data=SnippetsConfig(train_limit=3000, validation="holdout"),
        conv=ConvConfig(filters=16),
        lstm=LstmConfig(units=16),
        training=TrainingConfig(epochs=2),
        tracking=TrackingConfig(log_model=False),
    )
    dataset = load(config.data, say=print)
    config = replace(config, data=dataset.config)
    has_autolog = importlib.util.find_spec("tensorboard") is not None
    seconds: Seconds = defaultdict(list)
    overheads, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        store = Store(tracking_uri(f"sqlite:///{Path(folder, 'mlflow.db')}"), "overhead")
        ours(config, dataset, store, defaultdict(list))  # warm-up
        gc.collect()
        gc.freeze()  # as a worker does after its first trial
        for _ in range(count):
            overheads.append(ours(config, dataset, store, seconds))
            if has_autolog:
                theirs.append(autolog(config, dataset))
    for name, title in PARTS.items():
        print(f"{statistics.median(seconds[name]):6.2f} s  {title}")
    print(f"{statistics.median(overheads):6.2f} s  outside fit and evaluation, all in all")
    if theirs:
        ratio = statistics.median(theirs) / statistics.median(overheads)
        print(f"{statistics.median(theirs):6.2f} s  the same for autolog: {ratio:.1f} times ours")
    else:
        print("tensorboard is not installed: autolog not measured")


if __name__ == "__main__":
    main()
