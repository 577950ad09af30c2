import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rcnn_sweep.drawing import Drawing
from rcnn_sweep.drawing.shapes import Box, Text
from rcnn_sweep.training import figures
from rcnn_sweep.training.evaluation import evaluate
from rcnn_sweep.training.fitting import History
from rcnn_sweep.training.terminal import closing_lines

NOTEBOOK = np.array([[11324, 1176], [1747, 10753]])


def answers(matrix: np.ndarray, sure: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities and truth that give ``matrix``."""
    truth, predicted = [], []
    for (true, taken), count in np.ndenumerate(matrix):
        truth += [true] * count
        predicted += [taken] * count
    classes = len(matrix)
    probabilities = np.full((len(truth), classes), (1 - sure) / (classes - 1), np.float32)
    probabilities[np.arange(len(truth)), predicted] = sure
    return probabilities, np.array(truth)


def texts(drawing: Drawing) -> list[Text]:
    return [shape for shape in drawing.shapes if isinstance(shape, Text)]


def test_the_notebooks_matrix_gives_the_notebooks_figures() -> None:
    result = evaluate(*answers(NOTEBOOK), ["negative", "positive"])
    assert result.matrix.tolist() == NOTEBOOK.tolist()
    assert round(result.accuracy, 4) == 0.8831
    assert round(result.f1_macro, 4) == 0.8830
    assert round(result.f1_micro, 4) == 0.8831
    assert result.report["negative"]["support"] == 12500
    share_right = NOTEBOOK.trace() / NOTEBOOK.sum()
    expected = -(share_right * math.log(0.9) + (1 - share_right) * math.log(0.1))
    assert result.loss == pytest.approx(expected, rel=1e-6)


def test_the_loss_is_keras_own() -> None:
    import keras

    outputs = np.array([[0.001], [0.3], [0.999], [0.9]], np.float32)
    truth = np.array([0, 1, 0, 1])
    ours = evaluate(np.concatenate([1 - outputs, outputs], axis=1), truth, ["a", "b"])
    theirs = float(keras.losses.BinaryCrossentropy()(truth[:, None], outputs))
    assert ours.loss == pytest.approx(theirs, rel=1e-5)


def test_three_classes_and_an_absent_class() -> None:
    matrix = np.array([[5, 1, 0], [2, 4, 1], [0, 0, 6]])
    result = evaluate(*answers(matrix), ["a", "b", "c"])
    assert result.accuracy == pytest.approx(15 / 19)
    assert 0.5 < result.roc_auc <= 1
    probabilities, truth = answers(np.array([[3, 1, 0], [1, 3, 0], [0, 0, 0]]))
    absent = evaluate(probabilities, truth, ["a", "b", "c"])
    assert math.isnan(absent.roc_auc)
    assert absent.matrix.shape == (3, 3)


def test_numbers_on_dark_cells_are_white_and_on_light_cells_black() -> None:
    drawing = figures.confusion_matrix(NOTEBOOK, ["negative", "positive"], normalized=False)
    kinds = {text.words: text.kind for text in texts(drawing)}
    assert kinds["11,324"] == kinds["10,753"] == "light"
    assert kinds["1,176"] == kinds["1,747"] == ""
    shades = [shape.kind for shape in drawing.shapes if isinstance(shape, Box)]
    assert shades == ["shade10", "shade1", "shade2", "shade9"]
    names = [text.words for text in texts(drawing) if text.kind == "mark"]
    assert names == ["negative", "negative", "positive", "positive"]


def test_the_normalized_picture_shows_fractions_of_each_true_class(tmp_path: Path) -> None:
    drawing = figures.confusion_matrix(
        np.array([[3, 1], [0, 0]]), ["a$b$", "x" * 60], normalized=True
    )
    cells = [text.words for text in texts(drawing) if text.kind in ("", "light")]
    assert cells == ["0.75", "0.25", "0.00", "0.00"]
    drawing.save_png(tmp_path / "matrix.png")


def test_labels_that_are_too_long_for_a_column_are_told_by_number(tmp_path: Path) -> None:
    labels = ["comp.sys.ibm.pc.hardware.and.more", "b", "c"]
    drawing = figures.confusion_matrix(np.eye(3, dtype=int), labels, normalized=False)
    names = [text.words for text in texts(drawing) if text.kind == "mark"]
    assert names[0::2] == ["comp.sys.ibm.pc.hardwar…  1", "b  2", "c  3"]
    assert names[1::2] == ["1", "2", "3"]


def test_a_matrix_of_many_classes_has_no_numbers_in_its_cells(tmp_path: Path) -> None:
    labels = [f"class {number}" for number in range(100)]
    drawing = figures.confusion_matrix(np.eye(100, dtype=int), labels, normalized=False)
    assert not [text for text in texts(drawing) if text.words == "0"]
    assert sum(isinstance(shape, Box) for shape in drawing.shapes) == 100
    drawing.save_png(tmp_path / "matrix.png")
    size = Image.open(tmp_path / "matrix.png").size
    assert size == (round(2 * drawing.width), round(2 * drawing.height))


def test_learning_curves_show_both_splits() -> None:
    epoch = {"train_loss": 0.5, "train_accuracy": 0.7, "val_loss": 0.6, "val_accuracy": 0.65}
    drawn = str(figures.draw_curves(History([epoch, epoch])).markup())
    assert drawn.count('class="curve c0"') == drawn.count('class="curve c1"') == 2
    for told in ("training: 0.5000, 0.5000", "validation: 0.6500, 0.6500"):
        assert told in drawn


def test_the_closing_lines_are_the_notebooks() -> None:
    lines = closing_lines("test", evaluate(*answers(NOTEBOOK), ["negative", "positive"]))
    assert lines.splitlines()[0] == "Test accuracy: 0.8831"
    assert "Test F1 (macro): 0.8830" in lines
    assert "[[11324  1176]\n [ 1747 10753]]" in lines
