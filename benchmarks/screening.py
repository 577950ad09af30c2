"""Screening trials by the stack that people put together themselves, beside ours.

    python benchmarks/screening.py --data imdb.npz

Eight trials, all with one worker on one core: a grid of filters, kernel and units around the
baseline, each trained for one epoch on 3,200 reviews and judged on 3,200 others of the training
split. The other side is a Hydra app with the notebook's Keras code, hydra-optuna-sweeper's grid
sampler and ``mlflow.tensorflow.autolog``, once with the model logged and once without; it is
installed into ``build/stack`` with the versions of TensorFlow, Keras and MLflow that run here. Our
side is ``python -m rcnn_sweep -m`` as it comes, by the notebook's protocol and by length. Prints
seconds of wall and CPU, start and end of the commands included, and the ratios.
"""

import os
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from _measuring import ROOT, Timed, options_with_data, timed

STACK = ROOT / "build" / "stack"
SWEEPER = "hydra-optuna-sweeper==1.3.0"
SAME = ("tensorflow", "keras", "mlflow", "hydra-core", "scikit-learn", "numpy")
POINTS = {"conv.filters": (32, 64), "conv.kernel_size": (3, 5), "lstm.units": (35, 70)}
APP = """
import hydra, keras, mlflow
import keras.src.datasets.imdb as loader

@hydra.main(config_path=None, config_name="config", version_base="1.3")
def main(cfg):
    loader.get_file = lambda *_, **__: cfg.data  # the file is here already
    (x, y), _ = keras.datasets.imdb.load_data(num_words=5000)
    x = keras.utils.pad_sequences(x[: 2 * cfg.reviews], maxlen=400)
    y = y[: 2 * cfg.reviews]
    keras.utils.set_random_seed(0)
    model = keras.Sequential([
        keras.Input((400,)),
        keras.layers.Embedding(5000, 50),
        keras.layers.Dropout(0.25),
        keras.layers.Conv1D(cfg.conv.filters, cfg.conv.kernel_size, activation="relu"),
        keras.layers.MaxPooling1D(4),
        keras.layers.LSTM(cfg.lstm.units),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    mlflow.set_tracking_uri(cfg.store)
    mlflow.tensorflow.autolog(log_models=cfg.log_models)
    with mlflow.start_run():
        mlflow.log_params({**cfg.conv, **cfg.lstm})
        half = cfg.reviews
        fitted = model.fit(x[:half], y[:half], batch_size=64, epochs=cfg.epochs,
                           validation_data=(x[half:], y[half:]), verbose=0)
    return fitted.history["val_accuracy"][-1]

from hydra.core.config_store import ConfigStore
ConfigStore.instance().store("config", {
    "data": None, "store": None, "reviews": 3200, "epochs": 1, "log_models": True,
    "conv": {"filters": 64, "kernel_size": 5}, "lstm": {"units": 70},
})
main()
"""


def installed() -> Path:
    """Give the Python of the other side's environment, made where it is missing."""
    python = STACK / "bin" / "python"
    ready = STACK / "ready"
    if not ready.exists():
        print("installing the other stack into build/stack ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(STACK)], check=True)
        pinned = [f"{name}=={version(name)}" for name in SAME]
        pip = [str(python), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *pinned, SWEEPER, "tensorboard"], check=True)
        ready.touch()
    return python


def on_one_core(command: Sequence[str], folder: Path) -> Timed:
    """Run a sweep and all its workers on one core."""
    core = str(min(os.sched_getaffinity(0)))
    return timed(["taskset", "-c", core, *command], folder, {"OMP_NUM_THREADS": "1"})


def theirs(folder: Path, data: Path, given: Namespace, log_models: bool) -> Timed:
    """Sweep with the other stack."""
    (folder / "app.py").write_text(APP)
    grid = [f"{key}=choice({values})" for key, values in _grid(given.sizes)]
    return on_one_core(
        [str(installed()), "app.py", "-m", "hydra/sweeper=optuna", "hydra/sweeper/sampler=grid",
         f"hydra.sweeper.n_trials={2**given.sizes}", "hydra.sweeper.direction=maximize",
         f"data={data}", f"store=sqlite:///{folder}/mlflow.db", f"reviews={given.reviews}",
         f"log_models={log_models}", *grid],
        folder,
    )  # fmt: skip


def ours(folder: Path, data: Path, given: Namespace, width: str) -> Timed:
    """Sweep with rcnn_sweep."""
    grid = [f"{key}={values}" for key, values in _grid(given.sizes)]
    return on_one_core(
        [sys.executable, "-m", "rcnn_sweep", "-m", f"data.path={data}", "training.epochs=1",
         f"data.train_limit={2 * given.reviews}", "data.validation_fraction=0.5",
         f"training.bucket_width={width}", "hydra.sweeper.workers=1", *grid],
        folder,
    )  # fmt: skip


def _grid(sizes: int) -> list[tuple[str, str]]:
    return [(key, ",".join(map(str, values))) for key, values in list(POINTS.items())[:sizes]]


def main() -> None:
    """Run all four in turn and print the table."""
    parser = options_with_data(__doc__)
    parser.add_argument("--reviews", type=int, default=3200, help="of each half")
    parser.add_argument("--sizes", type=int, default=len(POINTS), help="that the grid is over")
    parser.add_argument("--only-ours", action="store_true", help="no other stack, no ratio")
    given = parser.parse_args()
    data, trials = given.data.absolute(), 2**given.sizes
    load = os.getloadavg()[0]
    sides = {
        "the other stack, model logged": lambda f: theirs(f, data, given, True),
        "the other stack, no model": lambda f: theirs(f, data, given, False),
        "rcnn_sweep, notebook protocol": lambda f: ours(f, data, given, "null"),
        "rcnn_sweep, by length": lambda f: ours(f, data, given, "40"),
    }
    if given.only_ours:
        sides = dict(list(sides.items())[2:])
    else:
        installed()
    seconds = {}
    for name, side in sides.items():
        with tempfile.TemporaryDirectory() as folder:
            seconds[name] = side(Path(folder))
        wall, cpu, _ = seconds[name]
        print(f"{name}: {wall:.0f} s ({wall / trials:.1f} s a trial), {cpu:.0f} s CPU", flush=True)
    walls = [side.wall for side in seconds.values()]
    for name, wall in () if given.only_ours else zip(list(sides)[2:], walls[2:], strict=True):
        print(f"{name}: {walls[0] / wall:.2f} times as fast, without a model {walls[1] / wall:.2f}")
    print(f"{trials} trials of one epoch, one core of {os.cpu_count()}, load before {load:.2f}")


if __name__ == "__main__":
    main()
