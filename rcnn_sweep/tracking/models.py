"""Find a logged model by its name and load it. To load a model is to run its code."""

import logging
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rcnn_sweep.errors import UserError
from rcnn_sweep.process import CommandLine, command, without_password
from rcnn_sweep.tracking.reader import RunReader, RunSnapshot

if TYPE_CHECKING:
    import pandas as pd

MODEL, ALIAS = "rcnn", "champion"
CHAMPION = f"models:/{MODEL}@{ALIAS}"
RUN_ID = re.compile(r"[0-9a-f]{32}")
RANKED_BY = "val_accuracy"
LOOKED_AT = 100
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
        store = None if Path(self.uri).is_absolute() else RunReader(tracking_uri)
        self._check(_signature(self.uri, store))
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


def best_logged(store: RunReader) -> RunSnapshot | None:
    """Give the run with the highest :data:`RANKED_BY` of those that logged a model for texts.

    Of runs without that metric the last one; None where none has logged a model. The last
    :data:`LOOKED_AT` models are looked at.
    """
    from rcnn_sweep.tracking.model_logging import NAME

    logged = store.client.search_logged_models(
        list(store.experiments()),
        filter_string=f"name = '{NAME}'",
        max_results=LOOKED_AT,
        order_by=[{"field_name": "creation_timestamp", "ascending": False}],
    )
    if not logged:
        return None
    ids = ", ".join(f"'{model.source_run_id}'" for model in logged)
    runs = store.search(f"attributes.run_id IN ({ids}) and attributes.status = 'FINISHED'")
    return max(runs, key=lambda run: (run.metrics.get(RANKED_BY, -1.0), run.started), default=None)


def _texts_typed() -> tuple[str, ...]:
    """Give what a ``predict`` without a model was asked for, by the words of this command."""
    words = CommandLine.own().words
    is_without = words[:1] == ("predict",) and not any(w.startswith("--model") for w in words)
    return words[1:] if is_without else ()


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


def _signature(uri: str, store: RunReader | None) -> Any:
    from mlflow.exceptions import MlflowException
    from mlflow.models import Model

    try:
        return Model.load(uri).signature
    except (MlflowException, OSError) as error:
        reason = without_password(str(error).splitlines()[0])
        raise UserError(
            f"--model: expected a model at {uri}; {reason}\n{_next(uri, store)}"
        ) from error


def _next(uri: str, store: RunReader | None) -> str:
    if uri == CHAMPION and store is not None:
        best = best_logged(store)
        if best is None:
            return (
                f"There is no champion yet, nor a run with a model: {command()} trains one; after "
                f"a sweep, {command('refit')} registers its champion."
            )
        score = best.metrics.get(RANKED_BY)
        told = best.name if score is None else f"{best.name} ({RANKED_BY} {score:.4f})"
        return (
            f"There is no champion yet: after a sweep, {command('refit')} registers one. "
            f"Until then the best run with a model is {without_password(told)}:\n"
            f"{command('predict', '--model', best.run_id, *_texts_typed())}"
        )
    return (
        "Does the run have a model (tracking.log_model=true), and is it in this store? "
        "MLFLOW_TRACKING_URI names another."
    )
