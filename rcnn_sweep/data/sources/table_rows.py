"""The rows of a table as labelled texts: clean rows, class ids, two splits."""

import math
from collections import Counter
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rcnn_sweep.data.corpus import Labelled
from rcnn_sweep.data.sources.table_file import Columns, read_columns
from rcnn_sweep.data.splits import part
from rcnn_sweep.errors import DataError
from rcnn_sweep.rcnn_text_model import tokenise


class Layout(Protocol):
    """What is asked of a table's options: its columns, and the part for test without one."""

    text_column: str
    label_column: str
    split_column: str | None
    test_fraction: float


MAX_CLASSES = 1000  # more is far likelier a column of texts or ids than of labels
SPLIT_NAMES = {"train": False, "training": False, "test": True, "testing": True}


def labelled(path: Path, config: Layout) -> Labelled:
    """Give the table's texts and labels; what was dropped or doubtful is counted in the notes.

    Raises ``DataError``, naming file or column, where training would be meaningless: no rows,
    one class, a class missing from a split, a label column that holds no labels.
    """
    names = [config.text_column, config.label_column]
    names += [config.split_column] if config.split_column else []
    read = read_columns(path, list(dict.fromkeys(names)))
    rows, dropped = _complete(read.columns, config, path)
    labels, mixed = _comparable(rows[config.label_column])
    label_names = _ordered(set(labels))
    _check_classes(label_names, len(labels), config)
    numbers = {name: number for number, name in enumerate(label_names)}
    ids = np.array([numbers[label] for label in labels], np.int32)
    is_test = _is_test(rows, ids, label_names, config)
    _check_split_classes(ids, is_test, label_names)
    notes = (*read.notes, *dropped, *mixed)
    return Labelled(rows[config.text_column], ids, label_names, is_test, notes)


def _complete(columns: Columns, config: Layout, path: Path) -> tuple[Columns, tuple[str, ...]]:
    """Give the rows that have a text with words and a label, and a note that counts the others."""
    texts = columns[config.text_column]
    _check_texts(texts, config.text_column)
    lacks = list(map(_lack, texts, columns[config.label_column]))
    kept = {
        name: [value for value, lack in zip(values, lacks, strict=True) if not lack]
        for name, values in columns.items()
    }
    counts = Counter(filter(None, lacks))
    told = ", ".join(f"{count} {lack}" for lack, count in sorted(counts.items()))
    if len(lacks) == counts.total():
        raise DataError(
            f"Expected rows with a text and a label in {path}, received {told or 'no rows'}.\n"
            "Check data.text_column and data.label_column."
        )
    note = f"Dropped {counts.total()} of {len(lacks)} rows: {told}."
    return kept, (note,) if counts else ()


def _check_texts(texts: list[Any], column: str) -> None:
    for text in texts:
        if not (isinstance(text, str) or _is_missing(text)):
            raise DataError(
                f"Expected texts in the column {column}, received {text!r:.60}.\n"
                "Set data.text_column to another column."
            )


def _lack(text: Any, label: Any) -> str:
    if _is_missing(text):
        return "without text"
    if _is_missing(label) or (isinstance(label, str) and not label.strip()):
        return "without label"
    return "" if tokenise(text) else "with no word in the text"


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _comparable(labels: list[Any]) -> tuple[list[str], tuple[str, ...]]:
    """Give the labels as text, and a note when that made different types equal."""
    kinds = sorted({_kind(label) for label in labels})
    note = f"Labels are of mixed type ({', '.join(kinds)}) and are compared as text."
    return [_as_text(label) for label in labels], (note,) if len(kinds) > 1 else ()


def _kind(label: Any) -> str:
    if not isinstance(label, str | bool | int | float):
        raise DataError(
            f"Expected labels that are text, numbers or truth values, received {label!r:.60}.\n"
            "Set data.label_column to another column."
        )
    if isinstance(label, str) and _is_torn(label):
        raise DataError(
            f"Expected labels that UTF-8 can hold, received half a character in {label!r:.60}.\n"
            "Mend the label first."
        )
    if isinstance(label, bool):
        return "truth value"
    return "text" if isinstance(label, str) else "number"


def _is_torn(text: str) -> bool:
    """Say whether half a character is in a text, as JSON can write it and nothing else can."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def _as_text(label: str | bool | int | float) -> str:
    if isinstance(label, float) and label.is_integer():
        return str(int(label))  # a column of integers with gaps is read as floats
    return str(label).strip()


def _ordered(names: set[str]) -> tuple[str, ...]:
    numbers = {name: _number(name) for name in names}
    if all(map(math.isfinite, numbers.values())):
        return tuple(sorted(names, key=lambda name: (numbers[name], name)))
    return tuple(sorted(names))


def _number(name: str) -> float:
    try:
        return float(name)
    except ValueError:
        return math.nan


def _check_classes(names: tuple[str, ...], rows: int, config: Layout) -> None:
    column = config.label_column
    if len(names) < 2:
        raise DataError(
            f"Expected two or more classes in the column {column}, received only {names[0]!r:.60}."
            "\nSet data.label_column to another column or add texts of another class."
        )
    if len(names) > min(MAX_CLASSES, rows // 2):
        raise DataError(
            f"Expected a class for two or more rows and at most {MAX_CLASSES} classes, received "
            f"{len(names)} in {rows} rows.\nIs {column} the column of labels? Set "
            "data.label_column."
        )


def _is_test(
    rows: Columns, labels: NDArray[np.int32], classes: tuple[str, ...], config: Layout
) -> NDArray[np.bool_]:
    if config.split_column is None:
        return part(labels, config.test_fraction, classes, setting="data.test_fraction")
    names = [str(value).strip().lower() for value in rows[config.split_column]]
    if unknown := sorted(set(names) - set(SPLIT_NAMES)):
        shown = ", ".join(name[:30] for name in unknown[:5])
        raise DataError(
            f"Expected train or test in the column {config.split_column}, received {shown}.\n"
            "Rename those rows or remove them; data.validation=holdout takes validation texts "
            "from train."
        )
    return np.array([SPLIT_NAMES[name] for name in names], np.bool_)


def _check_split_classes(
    labels: NDArray[np.int32], is_test: NDArray[np.bool_], names: tuple[str, ...]
) -> None:
    if not is_test.any():
        raise DataError("Expected rows of test in data.split_column, received none.\nMark some.")
    train = np.bincount(labels[~is_test], minlength=len(names))
    if missing := [name for name, count in zip(names, train, strict=True) if not count]:
        raise DataError(
            f"Expected training texts of each of {len(names)} classes, received 0 of "
            f"{missing[0]!r:.60}.\nMove texts of that class to the training split."
        )
