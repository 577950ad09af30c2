"""One run from Python."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rcnn_sweep.api.composition import compose_job
from rcnn_sweep.api.models import Model, load_model
from rcnn_sweep.application import run_composed
from rcnn_sweep.config import Config, explained
from rcnn_sweep.process import signals


@dataclass(frozen=True)
class Run:
    """A run that is complete: its MLflow id, its metrics by recorded name, its config.

    ``metrics`` are the final ones and those of the epoch that was kept, the last or the best.
    ``config`` is settled: it names the file that the data came from.
    """

    run_id: str
    metrics: Mapping[str, float]
    config: Config
    tracking_uri: str = field(repr=False)

    def model(self) -> Model:
        """Load the run's logged model, which takes raw texts.

        Raises :class:`rcnn_sweep.UserError` where it logged none (``tracking.log_model=false``).
        """
        return load_model(f"runs:/{self.run_id}/model", tracking_uri=self.tracking_uri)


def train(*overrides: str) -> Run:
    """Train, evaluate and record one run, as ``python -m rcnn_sweep OVERRIDES`` does.

    The store is ``tracking.uri``, else ``MLFLOW_TRACKING_URI``, else ``mlflow.db`` in the working
    directory. Each epoch is told to the logger ``rcnn_sweep`` at level INFO. Raises
    :class:`rcnn_sweep.UserError` before any run exists where overrides, data or store are not fit
    for it; what ends a run later is raised as it is, and the record says so.

    >>> import rcnn_sweep
    >>> run = rcnn_sweep.train("experiment=smoke", "data=snippets")  # doctest: +SKIP
    >>> run.metrics["test_accuracy"], run.model().predict(["A moving film."])  # doctest: +SKIP
    """
    with explained(overrides):
        composed = compose_job("config", overrides)
    with signals.noted(), signals.interruptible():
        done = run_composed(composed, list(overrides))
    return Run(done.run_id, done.metrics, done.config, done.tracking_uri)
