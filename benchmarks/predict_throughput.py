"""How many reviews a second `predict` labels, and what the time goes into.

    python benchmarks/predict_throughput.py
    python benchmarks/predict_throughput.py --model runs:/RUN_ID/model --texts reviews.parquet

Measures in one warm process: reading the texts, encoding them, the network, and the whole path of
`python -m rcnn_sweep predict` (read, answer in batches, write CSV). The named alternatives label
the same texts: `mlflow.pyfunc` with all texts in one call, the same with one text a call (on 200
of them), and, in a process of its own with its start-up, `mlflow models predict`, beside our own
command likewise. Ratios are alternative / ours in seconds a review.
"""

import argparse
import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _measuring import quickest

from rcnn_sweep.config import from_yaml
from rcnn_sweep.data import full_texts
from rcnn_sweep.prediction import FORMATS, Answer, Columns, batches, from_file
from rcnn_sweep.tracking import RunReader, TextModel
from rcnn_sweep.training import start_tensorflow

SINGLE_TEXTS = 200
TABLE, TEXTS, ANSWERS = "texts.csv", "texts.parquet", "answers.csv"


def whole_path(model: TextModel, file: Path, count: int, target: Path) -> None:
    """Do what the command does: read, answer, write."""
    columns = Columns(("text",), model.classes)
    with target.open("wb") as output:
        for batch in batches(itertools.islice(from_file(file, None), count)):
            found = model.answer([entry.text for entry in batch])
            answers = [Answer(*answer) for answer in zip(*found, strict=True)]
            output.write(FORMATS["csv"].rows(columns, batch, answers))


def command(*words: str) -> Callable[[], None]:
    """Give a call of a command line of this environment."""
    settings = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}

    def call() -> None:
        subprocess.run(
            [sys.executable, "-m", *words], check=True, env=settings, capture_output=True
        )

    return call


def model_and_texts(folder: Path) -> tuple[str, list[str]]:
    """Train the baseline on the snippets for an epoch; give its run's model and their texts."""
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    os.environ["MLFLOW_TRACKING_URI"] = uri
    words = ["rcnn_sweep", "data=snippets", "training.epochs=1"]
    subprocess.run([sys.executable, "-m", *words], check=True, cwd=folder, capture_output=True)
    reader = RunReader(uri)
    [run] = reader.search("tags.`rcnn_sweep.kind` = 'run'")
    config = from_yaml(reader.text(run.run_id, "config/resolved.yaml") or "")
    return f"runs:/{run.run_id}/model", [" ".join(text) for text in full_texts(config.data).train]


def show(taken: float, count: int, name: str, ours: float | None = None) -> None:
    """Print a line of the table."""
    ratio = "" if ours is None else f"  ({taken / ours:.2f} times ours)"
    print(f"{taken:7.2f} s  {count / taken:8.0f} a second  {name}{ratio}", flush=True)


def warm(uri: str, texts: list[str], folder: Path, repeats: int) -> None:
    """Measure in this process: our parts, then `mlflow.pyfunc`."""
    import pandas as pd

    model = TextModel(uri)
    model.load()
    classifier: Any = model._model._model_impl
    ids = classifier._vocabulary.encode(texts).astype("int32")
    network = classifier._network
    model.answer(texts[:600])  # traces the network
    frame, file, answers = pd.DataFrame({"text": texts}), folder / TEXTS, folder / ANSWERS
    parts: dict[str, Callable[[], Any]] = {
        "reading": lambda: sum(1 for _ in from_file(file, None)),
        "encoding": lambda: classifier._vocabulary.encode(texts),
        "network": lambda: [
            network.predict_on_batch(ids[i : i + 512]) for i in range(0, len(ids), 512)
        ],
        "all of predict": lambda: whole_path(model, file, len(texts), answers),
    }
    for name, call in parts.items():
        taken = quickest(call, repeats)
        show(taken, len(texts), name)
    pyfunc = model._model
    at_once = quickest(lambda: pyfunc.predict(frame), repeats)
    show(at_once, len(texts), "mlflow.pyfunc, all in one call", taken)
    singles = [frame.iloc[i : i + 1] for i in range(SINGLE_TEXTS)]
    one = quickest(lambda: [pyfunc.predict(row) for row in singles], 1) / SINGLE_TEXTS
    show(one * len(texts), len(texts), "mlflow.pyfunc, one text a call (extrapolated)", taken)


def with_start(uri: str, count: int, folder: Path) -> None:
    """Measure two commands with their start-up: ours and MLflow's."""
    table, answers = str(folder / TABLE), str(folder / ANSWERS)
    own = ["rcnn_sweep", "predict", "--model", uri, "--file", table, "--output", answers]
    theirs = ["mlflow", "models", "predict", "-m", uri, "--env-manager", "local"]
    theirs += ["-i", table, "-t", "csv", "-o", answers]
    ours = quickest(command(*own), 1)
    show(ours, count, "our command with its start-up")
    show(quickest(command(*theirs), 1), count, "mlflow models predict with its start-up", ours)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="default: the baseline after an epoch on the snippets")
    parser.add_argument("--texts", type=Path, help="a table with a column text")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=2)
    given = parser.parse_args()
    if (given.model is None) != (given.texts is None):
        parser.error("expected --model and --texts, or neither")
    start_tensorflow()
    import pandas as pd

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.model is None:
            given.model, texts = model_and_texts(folder)
        else:
            read = itertools.islice(from_file(given.texts, None), given.count)
            texts = [entry.text for entry in read if entry]
        texts = [text for text in texts[: given.count] if text]
        pd.DataFrame({"text": texts}).to_csv(folder / TABLE, index=False)
        pd.DataFrame({"text": texts}).to_parquet(folder / TEXTS)
        warm(given.model, texts, folder, given.repeats)
        with_start(given.model, len(texts), folder)


if __name__ == "__main__":
    main()
