"""Experiment-tracked hyperparameter sweeps for Keras text classifiers.

The package trains the recurrent convolutional network of a 2018 notebook on labelled texts,
records every run in MLflow and explores the sizes around that baseline. ``python -m rcnn_sweep``
does from the command line what these functions do from Python, with the same overrides:

    >>> import rcnn_sweep
    >>> config = rcnn_sweep.compose("data=snippets", "conv.filters=96")
    >>> config.conv.filters
    96
    >>> run = rcnn_sweep.train("data=snippets")  # doctest: +SKIP
    >>> study = rcnn_sweep.search("data=snippets", n_trials=20)  # doctest: +SKIP
    >>> study.best_params, study.trials(), study.report("report.html")  # doctest: +SKIP
    >>> rcnn_sweep.load_study().best_config  # doctest: +SKIP
    >>> rcnn_sweep.load_model(run.run_id).predict(["A moving film."])  # doctest: +SKIP

Nothing here calls ``sys.exit``, needs the main thread or sets up logging: what goes on is told to
the logger ``rcnn_sweep``. A mistake raises :class:`UserError`, a sweep without a result
:class:`SweepFailed`. Importing the package imports neither TensorFlow nor MLflow nor Optuna.
"""

from typing import TYPE_CHECKING

from rcnn_sweep.lazy import lazy

if TYPE_CHECKING:
    from rcnn_sweep.api import (
        Model,
        Run,
        Study,
        compose,
        load_model,
        load_study,
        search,
        train,
    )
    from rcnn_sweep.config import Config
    from rcnn_sweep.errors import UserError
    from rcnn_sweep.sweep import SweepFailed

__version__ = "0.1.0"

__all__ = [
    "Config",
    "Model",
    "Run",
    "Study",
    "SweepFailed",
    "UserError",
    "compose",
    "load_model",
    "load_study",
    "search",
    "train",
]

if not TYPE_CHECKING:
    __getattr__ = lazy(__name__)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
