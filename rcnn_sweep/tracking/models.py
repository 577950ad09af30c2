"""Find a logged model by its name and load it. To load a model is to run its code."""

import logging
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rcnn_sweep.errors import UserError
from rcnn_sweep.process import command, without_password
from rcnn_sweep.tracking.reader import RunReader

if TYPE_CHECKING:
    import pandas as pd

MODEL, ALIAS = "rcnn", "champion"
CHAMPION = f"models:/{MODEL}@{ALIAS}"
RUN_ID = re.compile(r"[0-9a-f]{32}")
COLUMNS = ("label", "probability")


class Answers(NamedTuple):
    """What a model says of texts, a place each: label, its probability, those of all classes."""

    labels: list[str]
    probabilities: list[float]
    classes: list[tuple[float, ...]]


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

    @property
    def about(self) -> str:
        """The model that answers: its address, what an alias means today, the run it is from."""
        told = []
        if found := re.fullmatch(r"models:/(.+)@(.+)", self.uri):
            from mlflow.tracking import MlflowClient

            named = MlflowClient().get_model_version_by_alias(*found.groups())
            told.append(f"version {named.version}")
        run_id = self._model.metadata.run_id
        if run_id and run_id not in self.uri:
            told.append(f"run {run_id}")
        return without_password(self.uri) + (f" ({', '.join(told)})" if told else "")

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes whose probabilities :meth:`answer` tells, in their order."""
        raw = self._raw()
        return () if raw is None else tuple(map(str, raw.labels))

    def answer(self, texts: Sequence[str]) -> Answers:
        """Give the label of each text and its probability, and that of every class if known."""
        raw = self._raw()
        if raw is None:
            return Answers(*self._plain(texts), [()] * len(texts))
        found = raw.probabilities(list(texts)).astype("float64")
        best = found.argmax(axis=1)
        return Answers(
            [str(raw.labels[place]) for place in best],
            found.max(axis=1).tolist(),
            [tuple(row) for row in found.tolist()],
        )

    def _plain(self, texts: Sequence[str]) -> tuple[list[str], list[float]]:
        """Ask a model that is known by MLflow's interface alone."""
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
        answers = self.answer(texts)
        found = pd.DataFrame({"label": answers.labels, "probability": answers.probabilities})
        if not self.classes:
            return found
        classes = pd.DataFrame(answers.classes, columns=list(self.classes), dtype="float64")
        return pd.concat([found, classes], axis=1)

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
