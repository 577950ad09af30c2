"""A logged model from Python: texts in, a table of labels and probabilities out."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rcnn_sweep.tracking import CHAMPION, Answers, TextModel
from rcnn_sweep.training import start_tensorflow

if TYPE_CHECKING:
    import pandas as pd


class Model:
    """A model that takes raw texts, loaded from the store ``uri`` names it in."""

    def __init__(self, loaded: TextModel) -> None:
        """Take a model that is loaded."""
        self._loaded = loaded

    @property
    def uri(self) -> str:
        """The full address of the model."""
        return self._loaded.uri

    def predict(self, texts: Sequence[str]) -> "pd.DataFrame":
        """Label ``texts``: a row each with ``label`` (str) and its ``probability`` (float64).

        A model of this package also tells the probability of every class, in a float64 column
        named after it.

        >>> import rcnn_sweep
        >>> rcnn_sweep.load_model(run_id).predict(["A moving film."])  # doctest: +SKIP
              label  probability  negative  positive
        0  positive     0.978213  0.021787  0.978213
        """
        return self._loaded.table(texts)

    @property
    def about(self) -> str:
        """The model in words: its address, what an alias means today, the run it is from."""
        return self._loaded.about

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes whose probabilities it tells, in their order; empty where it does not."""
        return self._loaded.classes

    def answer(self, texts: Sequence[str]) -> Answers:
        """Give labels, probabilities and those of all classes as plain lists."""
        return self._loaded.answer(texts)


def load_model(uri: str = CHAMPION, *, tracking_uri: str | None = None) -> Model:
    """Load a logged model: ``models:/...``, ``runs:/...``, a run's id or a folder.

    To load a model is to run the code in it, so all but a folder are looked up in the store
    ``tracking_uri`` (None: ``MLFLOW_TRACKING_URI``, else ``mlflow.db`` here) and nowhere else.
    Raises :class:`rcnn_sweep.UserError` where there is no such model.

    >>> import rcnn_sweep
    >>> rcnn_sweep.load_model().predict(["Two hours of my life."])  # doctest: +SKIP
    """
    found = TextModel(uri, tracking_uri=tracking_uri)
    start_tensorflow()
    found.load()
    return Model(found)
