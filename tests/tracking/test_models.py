"""Which model answers, and what is said where none does."""

import shlex
from pathlib import Path

import pytest

from rcnn_sweep.errors import UserError
from rcnn_sweep.process import typed_as
from rcnn_sweep.tracking import CHAMPION, Store, TextModel, tracking_uri
from rcnn_sweep.tracking.model_logging import NAME


def logged(store: Store, name: str, *, model: str = NAME, **metrics: float) -> str:
    """A finished run with a logged model of that name and metrics."""
    writer = store.start("run", name=name, tags={})
    client = writer.client
    made = client.create_logged_model(writer.experiment_id, name=model, source_run_id=writer.run_id)
    client.finalize_logged_model(made.model_id, "READY")
    writer.metrics(metrics)
    writer.complete()
    return writer.run_id


def said(words: tuple[str, ...] = ("predict", "a film")) -> str:
    with typed_as(words), pytest.raises(UserError, match="There is no champion yet") as caught:
        TextModel(CHAMPION)
    return str(caught.value)


def test_without_a_champion_the_best_run_with_a_model_is_named(workplace: Path) -> None:
    store = Store(tracking_uri(None), "a")
    assert "nor a run with a model: python -m rcnn_sweep trains one" in said()
    unscored = logged(store, "unscored")
    assert f"predict --model {unscored}" in said()
    best = logged(Store(tracking_uri(None), "b"), "the best", val_accuracy=0.9)
    logged(store, "worse", val_accuracy=0.8)
    logged(store, "of another kind", model="another", val_accuracy=0.99)
    told, command = said(("predict", "a film", "--format", "csv")).splitlines()[-2:]
    assert told.endswith("Until then the best run with a model is the best (val_accuracy 0.9000):")
    expected = ["predict", "--model", best, "a film", "--format", "csv"]
    assert shlex.split(command) == ["python", "-m", "rcnn_sweep", *expected]


def test_the_command_is_the_users_own_only_where_it_was_a_predict(workplace: Path) -> None:
    run = logged(Store(tracking_uri(None), "a"), "one", val_accuracy=0.9)
    for words in (("predict", "--model", CHAMPION, "a film"), ("app.py", "x"), ()):
        assert said(words).splitlines()[-1] == f"python -m rcnn_sweep predict --model {run}"
