"""What a person sees while a run goes on: a bar for each epoch, and the closing lines."""

import sys
import time
from collections.abc import Mapping
from typing import Any

import keras
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from rcnn_sweep.metrics import Place, shown
from rcnn_sweep.process import printable
from rcnn_sweep.training.evaluation import Evaluation


class EpochProgress(keras.callbacks.Callback):
    """One bar an epoch with loss and accuracy on a terminal; one plain line an epoch elsewhere."""

    def __init__(self, *, epochs: int, say: Any, with_bar: bool) -> None:
        """Expect ``epochs`` epochs.

        ``say`` is told the line of each epoch; without ``with_bar`` there is no bar anywhere.
        """
        super().__init__()
        self._say, self._epochs = say, epochs
        self._progress = Progress(
            TextColumn("Epoch {task.fields[epoch]}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[metrics]}"),
            console=Console(stderr=True),
            disable=not (with_bar and sys.stderr.isatty()),
            transient=True,
        )
        self._task = self._progress.add_task("", epoch="", metrics="")

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Start the epoch's bar at zero."""
        self._started = time.perf_counter()
        name = f"{epoch + 1}/{self._epochs}"
        self._progress.reset(self._task, total=self.params["steps"], epoch=name, metrics="")
        self._progress.start()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Move the bar and show the running loss and accuracy."""
        if not self._progress.disable:
            line = metrics_line(logs or {})
            self._progress.update(self._task, completed=batch + 1, metrics=line)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Take the bar away and leave one line that stays."""
        self.stop()
        seconds = time.perf_counter() - self._started
        self._say(f"Epoch {epoch + 1}/{self._epochs}  {seconds:.0f} s  {metrics_line(logs or {})}")

    def stop(self) -> None:
        """Take the bar away, however training ended."""
        self._progress.stop()


def metrics_line(logs: Mapping[str, float]) -> str:
    """Write Keras's logs in one line: ``loss 0.3181  accuracy 0.8831`` and so on."""
    known = [metric for metric in shown(Place.TERMINAL) if metric.log in logs]
    return "  ".join(f"{m.log} {m.kind.text(float(logs[m.log]))}" for m in known)


def closing_lines(name: str, evaluation: Evaluation) -> str:
    """Write the notebook's closing lines for one split: accuracy, loss, F1, confusion matrix."""
    title, classes = name.capitalize(), printable(", ".join(evaluation.labels))
    rows = {metric.short: metric for metric in shown(Place.CLOSING)}
    return "\n".join(
        [
            *(
                f"{title} {row.label}: {row.kind.text(evaluation.scores[short])}"
                for short, row in rows.items()
            ),
            f"Confusion matrix (rows: true, columns: predicted; {classes}):",
            str(evaluation.matrix),
        ]
    )
