"""Find a logged model by its name and load it. To load a model is to run its code."""

import logging
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rcnn_sweep.errors import UserError
from rcnn_sweep.process import command, without_password
from rcnn_sweep.tracking.reader import RunReader

if TYPE_CHECKING:
    import pandas as pd

MODEL, ALIAS = "rcnn", "champion"
CHAMPION = f"models:/{MODEL}@{ALIAS}"
RUN_ID = re.compile(r"[0-9a-f]{32}")
COLUMNS = ("label", "probability")


class TextModel:
    """A model that takes raw texts. It is found when this is made and loaded by :meth:`load`."""

    def __init__(self, uri: str, *, tracking_uri: str | None = None) -> None:
        """Find the model ``uri``: models:/..., runs:/..., a run's id or a local folder.

        All but a folder are looked up in the store ``tracking_uri`` (None: MLFLOW_TRACKING_URI,
        else mlflow.db here) and nowhere else. Raises :class:`UserError` where there is no such
        model, or where it does not take raw texts.
        """
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        self.uri = _full(uri)
        if not Path(self.uri).is_absolute():
            RunReader(tracking_uri)  # sets the store
        self._check(_signature(self.uri))
        self._model: Any = None

    def _check(self, signature: Any) -> None:
        inputs = signature.inputs.input_names() if signature and signature.inputs else []
        if "text" not in inputs:
            raise UserError(
                f"--model: expected a model that takes a column text; {self.uri} takes "
                f"{', '.join(map(str, inputs)) or 'what it does not say'}."
            )

    def load(self) -> None:
        """Load the model, which runs the code in it. Start TensorFlow first to have it quiet."""
        import mlflow

        logging.getLogger("mlflow").setLevel(logging.WARNING)
        self._model = mlflow.pyfunc.load_model(self.uri)

    def answer(self, texts: Sequence[str]) -> tuple[list[str], list[float]]:
        """Give the label of each text and its probability."""
        import pandas as pd

        answers = self._model.predict(pd.DataFrame({"text": texts}, dtype=object))
        labels, probabilities = (answers[name].tolist() for name in COLUMNS)
        return [str(label) for label in labels], probabilities

    def table(self, texts: Sequence[str]) -> "pd.DataFrame":
        """Tabulate the answers, a row a text: ``label``, ``probability`` and, where the model
        tells them, a float64 column with the probability of each class under its name.

        Raises :class:`UserError` for what is no text.
        """
        import pandas as pd

        for place, text in enumerate(texts):
            if not isinstance(text, str):
                raise UserError(f"predict: expected texts; received {text!r:.60} in place {place}.")
        labels, probabilities = self.answer(texts)
        found = pd.DataFrame({"label": labels, "probability": probabilities})
        raw = self._raw()
        if raw is None:
            return found
        classes = pd.DataFrame(raw.probabilities(list(texts)), columns=list(raw.labels))
        return pd.concat([found, classes.astype("float64")], axis=1)

    def _raw(self) -> Any:
        """Give the classifier behind MLflow's wrapper if it tells every class, else None."""
        try:
            raw = self._model.get_raw_model()
        except NotImplementedError:
            return None
        return raw if hasattr(raw, "probabilities") and hasattr(raw, "labels") else None


def _full(uri: str) -> str:
    if RUN_ID.fullmatch(uri):
        return f"runs:/{uri}/model"
    if uri.startswith(("models:/", "runs:/")):
        return uri
    if Path(uri, "MLmodel").is_file():
        return str(Path(uri).absolute())
    raise UserError(
        f"--model: expected models:/NAME@ALIAS, models:/m-ID, runs:/RUN_ID/model, a run's id or a "
        f"folder with a file MLmodel; received {without_password(uri)}."
    )


def _signature(uri: str) -> Any:
    from mlflow.exceptions import MlflowException
    from mlflow.models import Model

    try:
        return Model.load(uri).signature
    except (MlflowException, OSError) as error:
        reason = without_password(str(error).splitlines()[0])
        raise UserError(f"--model: expected a model at {uri}; {reason}\n{_next(uri)}") from error


def _next(uri: str) -> str:
    if uri == CHAMPION:
        return (
            f"There is no champion yet: {command('refit')} registers one. "
            "Or name a run's model: --model runs:/RUN_ID/model."
        )
    return (
        "Does the run have a model (tracking.log_model=true), and is it in this store? "
        "MLFLOW_TRACKING_URI names another."
    )
