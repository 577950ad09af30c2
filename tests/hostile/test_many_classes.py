"""However many classes there are, their picture is of a size, and none costs the result."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from small import SMALL_NETWORK

import rcnn_sweep
from rcnn_sweep.drawing.shapes import Text
from rcnn_sweep.tracking.reader import RunReader


@pytest.mark.parametrize("classes", [40, 1000])
def test_a_picture_does_not_grow_with_the_classes(classes: int, tmp_path: Path) -> None:
    from rcnn_sweep.training import figures

    counts = np.eye(classes, dtype=np.int64)
    tracemalloc.start()
    labels = [f"class {number}" for number in range(classes)]
    drawing = figures.confusion_matrix(counts, labels, normalized=True)
    drawing.save_png(tmp_path / "matrix.png")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert max(Image.open(tmp_path / "matrix.png").size) <= 2000
    assert peak < 300e6
    words = [shape.words for shape in drawing.shapes if isinstance(shape, Text)]
    assert any("class 1" in name for name in words) == (classes <= 40)


def test_no_picture_costs_the_result(
    workplace: Path, table: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from rcnn_sweep.training import figures

    def too_large(*_: Any, **__: Any) -> None:
        raise MemoryError("a picture of 24 GB")

    monkeypatch.setattr(figures, "confusion_matrix", too_large)
    monkeypatch.setattr(figures, "draw_curves", too_large)
    done = rcnn_sweep.train("data=table", f"data.path={table}", *SMALL_NETWORK, "training.epochs=1")
    reader = RunReader()
    assert reader.run(done.run_id).status == "FINISHED"
    assert reader.json(done.run_id, "evaluation/confusion_matrix.json")["labels"] == ["bad", "good"]
    kept = {path.name for path in (workplace / "mlruns").rglob("*") if path.is_file()}
    assert {"rcnn.weights.h5", "network.keras", "classification_report.json"} <= kept
    assert not {"confusion_matrix.png", "learning_curves.png"} & kept
    assert "a picture of 24 GB" in caplog.text
