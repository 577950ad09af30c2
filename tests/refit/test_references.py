"""The plain references as arms: what goes wrong with them costs a refit nothing."""

from pathlib import Path

import numpy as np
import pytest

from rcnn_sweep.data import TableConfig, load
from rcnn_sweep.refit import predictions
from rcnn_sweep.refit.references import reference_arms
from rcnn_sweep.tracking import RunReader, Store, tracking_uri

SEEDS = range(3)


class Place:
    """A refit's run in a store, and what its networks were judged on."""

    def __init__(self, table: Path) -> None:
        self.data = TableConfig(path=str(table), validation="test")
        held = load(self.data, say=print).validation
        self.tested = predictions.Tested(held.labels.astype(np.int64), held.labels, ("bad", "good"))
        self.store = Store(tracking_uri(None), "refits")
        self.refit = self.store.start("refit", name="s-refit", tags={}).run_id

    def arms(self, tested: predictions.Tested | None = None) -> list[str]:
        found = reference_arms(
            *(self.data, tested or self.tested, SEEDS, self.refit),
            reader=RunReader(self.store.uri),
            store=self.store,
        )
        assert all(list(one.runs) == [*SEEDS] for one in found)
        return [one.arm.name for one in found]


@pytest.fixture
def place(workplace: Path, table: Path) -> Place:
    return Place(table)


BOTH = ["TF-IDF with logistic regression", "naive-Bayes n-grams with logistic regression"]


def test_what_is_recorded_is_not_trained_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert place.arms() == BOTH
    monkeypatch.setattr("rcnn_sweep.training.train_references", None)
    assert place.arms() == BOTH
    assert len(RunReader(place.store.uri).children(place.refit)) == 2


def test_what_goes_wrong_costs_the_refit_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> object:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr("rcnn_sweep.training.train_references", full)
        assert place.arms() == []
    assert "goes on without plain references. OSError: no space left" in caplog.text
    assert place.arms() == BOTH, "the next command makes up for it"


def test_one_that_was_judged_on_other_texts_is_left_out(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    other = predictions.Tested(place.tested.truth[:-1], place.tested.predicted, place.tested.labels)
    assert place.arms(other) == []
    assert "judged on other texts" in caplog.text
