"""The logged model: raw texts in, label and probability out.

This folder travels inside every logged model and must work there on its own: it imports nothing
of the package around it, only Keras, NumPy and pandas, and an exception of MLflow's if there.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from .lengths import grouped, padded_lengths
from .ngrams import (
    CHANNELS,
    GRAMS,
    IDS,
    RATIOS,
    FurtherInputs,
    NgramReader,
    Ngrams,
    NgramTable,
    TextNgrams,
    network_inputs,
)
from .text import (
    EVERY_WORD,
    INDEX_FROM,
    OUT_OF_VOCABULARY,
    Vocabulary,
    capped,
    count_words,
    pad_ranks,
    tokenise,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CHANNELS",
    "EVERY_WORD",
    "GRAMS",
    "IDS",
    "INDEX_FROM",
    "OUT_OF_VOCABULARY",
    "RATIOS",
    "FurtherInputs",
    "NgramReader",
    "NgramTable",
    "Ngrams",
    "TextClassifier",
    "TextNgrams",
    "Vocabulary",
    "class_probabilities",
    "count_words",
    "grouped",
    "network_inputs",
    "pad_ranks",
    "padded_lengths",
    "save",
    "tokenise",
]

NETWORK, VOCABULARY, LABELS = "network.keras", "vocabulary.json", "labels.json"
PADDING = "padding.json"
BATCH_SIZE = 512
BLOCK = 2048  # texts read at once: a call with millions of them must not hold the ids of all


class TextClassifier:
    """A trained network with everything it needs to read raw text."""

    def __init__(
        self,
        network: Any,
        vocabulary: Vocabulary,
        labels: tuple[str, ...],
        bucket_width: int | None,
        ngrams: NgramReader | None = None,
    ) -> None:
        """Take a Keras model, its vocabulary and the label names by class id.

        Each text is padded to the next multiple of ``bucket_width``, as in training; None: to the
        vocabulary's ``maxlen``. ``ngrams`` reads the model's further inputs; the vocabulary then
        has all words that they are made of.
        """
        self._network = network
        self._bucket_width = bucket_width
        self._vocabulary = vocabulary
        self._ngrams = ngrams
        self._every_word = replace(vocabulary, num_words=EVERY_WORD)
        self._labels = np.array(labels, dtype=object)

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> "pd.DataFrame":
        """Give one row a text: ``label``, the most probable one, and its ``probability``.

        ``model_input`` is a data frame with a column ``text``, or a list or series of texts.
        Raises :func:`refusal` for anything that is not text. MLflow's scoring server turns what
        is in ``inputs`` and ``instances`` into text by the signature before it asks: a 3 there is
        taken for "3". In ``dataframe_records`` and ``dataframe_split`` it is refused.
        """
        import pandas as pd

        probabilities = self.probabilities(_texts(model_input))
        best = probabilities.argmax(axis=1)
        return pd.DataFrame(
            {
                "label": self._labels[best],
                "probability": probabilities[np.arange(len(best)), best].astype(np.float64),
            }
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """The label names by class id."""
        return tuple(self._labels)

    def get_raw_model(self) -> "TextClassifier":
        """Give this classifier through MLflow's wrapper, whose method of this name asks for it."""
        return self

    def probabilities(self, texts: list[str]) -> np.ndarray:
        """Give the probabilities of every class, float32 of shape ``(len(texts), classes)``.

        What is said of a text does not depend on the others.
        """
        found = np.empty((len(texts), len(self._labels)), np.float32)
        for first in range(0, len(texts), BLOCK):
            block = slice(first, first + BLOCK)
            found[block] = self._of_block(texts[block])
        return found

    def _of_block(self, texts: list[str]) -> np.ndarray:
        words = self._every_word.encode(texts)
        ids = capped(words, self._vocabulary.num_words)
        further = None if self._ngrams is None else self._ngrams.read(words)
        lengths = padded_lengths(ids, self._bucket_width)
        found = np.empty((len(ids), len(self._labels)), np.float32)
        for rows in grouped(lengths, BATCH_SIZE):
            given = network_inputs(ids, further, rows, int(lengths[rows[0]]))
            outputs = self._network.predict_on_batch(given if len(given) > 1 else given[IDS])
            found[rows] = class_probabilities(outputs)
        return found


def class_probabilities(outputs: np.ndarray) -> np.ndarray:
    """Turn a network's outputs, ``(n, 1)`` or ``(n, classes)``, into ``(n, classes)``."""
    if outputs.shape[1] > 1:
        return outputs
    return np.concatenate([1 - outputs, outputs], axis=1)


def _texts(model_input: Any) -> list[str]:
    import pandas as pd

    if isinstance(model_input, pd.DataFrame):
        if "text" not in model_input:
            raise refusal(f"expected a column 'text'; received {list(model_input.columns)}")
        model_input = model_input["text"]
    texts = list(model_input)
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise refusal(f"row {place}: expected a text; received {text!r:.60}")
    return texts


def refusal(message: str) -> Exception:
    """Give the exception for input that is not text.

    MLflow's scoring server answers with the message of its own exceptions and with "an unexpected
    error" and a traceback for all others; without MLflow it is a ``ValueError``.
    """
    try:
        from mlflow.exceptions import MlflowException
    except ImportError:
        return ValueError(message)
    return cast(Exception, MlflowException.invalid_parameter_value(message))


def save(
    folder: Path,
    network: Any,
    vocabulary: Vocabulary,
    labels: tuple[str, ...],
    bucket_width: int | None,
    ngrams: NgramReader | None = None,
) -> None:
    """Write all that :func:`_load_pyfunc` needs into the existing folder ``folder``."""
    import keras

    bare = keras.Model(network.input, network.output, name=network.name)  # without its optimizer
    bare.save(folder / NETWORK)
    (folder / VOCABULARY).write_text(vocabulary.to_json(), encoding="utf-8")
    (folder / LABELS).write_text(json.dumps(labels), encoding="utf-8")
    padding = json.dumps({"bucket_width": bucket_width})
    (folder / PADDING).write_text(padding, encoding="utf-8")
    if ngrams is not None:
        ngrams.save(folder)


def _load_pyfunc(data_path: str) -> TextClassifier:
    """Load what :func:`save` wrote; MLflow calls this by its name."""
    import keras

    folder = Path(data_path)
    return TextClassifier(
        keras.models.load_model(folder / NETWORK, compile=False),
        Vocabulary.from_json((folder / VOCABULARY).read_text(encoding="utf-8")),
        tuple(json.loads((folder / LABELS).read_text(encoding="utf-8"))),
        json.loads((folder / PADDING).read_text(encoding="utf-8"))["bucket_width"],
        NgramReader.load(folder),
    )
