"""Small things that tests share: texts a network learns at once, and the command line."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("RCNN_SWEEP_TEST_DATA", ROOT.parent / "shared" / "data"))

HANGS = 300.0
"""Seconds after which a process counts as hung: a loaded machine may take minutes to start Ray."""

GOOD = "a wonderful film with warm and moving scenes number"
BAD = "a dreadful film with cold and boring scenes number"

SMALL_NETWORK = (
    *("data.maxlen=12", "conv.filters=8", "lstm.units=8", "embedding.output_dim=8"),
    *("training.batch_size=16", "training.learning_rate=0.01", "training.epochs=2"),
)


def examples(count: int) -> int:
    """Give the number of a property's examples, ``RCNN_SWEEP_TEST_TIMES`` as many in long runs."""
    return count * int(os.environ.get("RCNN_SWEEP_TEST_TIMES", "1"))


def table_rows(count: int) -> list[tuple[str, str]]:
    """Texts whose label a network can learn within an epoch or two."""
    rows = []
    for place in range(count):
        good = place % 2 == 0
        rows.append((f"{GOOD if good else BAD} {place % 17}", "good" if good else "bad"))
    return rows


def network_groups() -> dict[str, list[str]]:
    """Give the options of each group of the network, in their order."""
    from rcnn_sweep.config import config_folder
    from rcnn_sweep.network import Options

    return {
        group: sorted(file.stem for file in (config_folder() / group).glob("*.yaml"))
        for group in Options.__annotations__
    }


def write_table(path: Path, rows: list[tuple[str, str]]) -> Path:
    lines = ["text,label", *(f'"{text}",{label}' for text, label in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def environment(cache: Path) -> dict[str, str]:
    """This process's environment with a cache of its own and no store from earlier tests.

    MLflow exports the store it last used, so a process started here would inherit it.
    """
    kept = {k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"}
    return {**kept, "RCNN_SWEEP_CACHE": str(cache)}


def command_line(*words: str) -> list[str]:
    return [sys.executable, "-m", "rcnn_sweep", *words]
