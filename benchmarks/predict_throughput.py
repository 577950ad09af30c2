"""How many reviews a second `predict` labels, and what the time goes into.

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
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rcnn_sweep.prediction import FORMATS, batches, from_file
from rcnn_sweep.runtime import start_tensorflow
from rcnn_sweep.tracking.loading import TextModel

SINGLE_TEXTS = 200


def seconds(call: Callable[[], Any], repeats: int) -> float:
    """Give the best of ``repeats`` timings."""
    found = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        found.append(time.perf_counter() - started)
    return min(found)


def whole_path(model: TextModel, file: Path, count: int, target: Path) -> None:
    """Do what the command does: read, answer, write."""
    with target.open("wb") as output:
        for batch in batches(itertools.islice(from_file(file, None), count)):
            output.write(FORMATS["csv"].rows(batch, *model.answer(batch)))


def command(*words: str) -> Callable[[], None]:
    """Give a call of a command line of this environment."""
    settings = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}

    def call() -> None:
        subprocess.run(
            [sys.executable, "-m", *words], check=True, env=settings, capture_output=True
        )

    return call


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--texts", type=Path, required=True, help="a table with a column text")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=2)
    given = parser.parse_args()
    start_tensorflow()
    import pandas as pd

    model = TextModel(given.model)
    model.load()
    classifier: Any = model._model._model_impl
    texts = [text for text in itertools.islice(from_file(given.texts, None), given.count) if text]
    ids = classifier._vocabulary.encode(texts).astype("int32")
    network = classifier._network
    model.answer(texts[:600])  # traces the network
    frame = pd.DataFrame({"text": texts})
    with tempfile.TemporaryDirectory() as folder:
        table, lines = Path(folder, "texts.csv"), Path(folder, "texts.parquet")
        frame.to_csv(table, index=False)
        frame.to_parquet(lines)
        target = Path(folder, "answers.csv")
        ours = {
            "reading": lambda: sum(1 for _ in itertools.islice(from_file(lines, None), len(texts))),
            "encoding": lambda: classifier._vocabulary.encode(texts),
            "network": lambda: [
                network.predict_on_batch(ids[i : i + 512]) for i in range(0, len(ids), 512)
            ],
            "all of predict": lambda: whole_path(model, lines, len(texts), target),
        }
        for name, call in ours.items():
            taken = seconds(call, given.repeats)
            print(f"{taken:7.2f} s  {len(texts) / taken:8.0f} a second  {name}", flush=True)
        singles = [frame.iloc[i : i + 1] for i in range(SINGLE_TEXTS)]
        pyfunc = model._model
        one = seconds(lambda: [pyfunc.predict(row) for row in singles], 1)
        one *= len(texts) / SINGLE_TEXTS
        rivals = {
            "mlflow.pyfunc, all in one call": seconds(lambda: pyfunc.predict(frame), given.repeats),
            "mlflow.pyfunc, one text a call (extrapolated)": one,
        }
        for name, rival in rivals.items():
            print(
                f"{rival:7.2f} s  {len(texts) / rival:8.0f} a second  {name}"
                f"  ({rival / taken:.2f} times ours)",
                flush=True,
            )
        own = seconds(
            command(
                "rcnn_sweep",
                "predict",
                "--model",
                given.model,
                "--file",
                str(table),
                "--output",
                str(target),
            ),
            1,
        )
        print(f"{own:7.2f} s  {len(texts) / own:8.0f} a second  our command with its start-up")
        served = seconds(
            command(
                "mlflow",
                "models",
                "predict",
                "-m",
                given.model,
                "--env-manager",
                "local",
                "-i",
                str(table),
                "-t",
                "csv",
                "-o",
                str(target),
            ),
            1,
        )
        print(
            f"{served:7.2f} s  {len(texts) / served:8.0f} a second  mlflow models predict "
            f"with its start-up  ({served / own:.2f} times ours)"
        )


if __name__ == "__main__":
    main()
