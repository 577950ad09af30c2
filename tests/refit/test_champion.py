"""The registry of a real MLflow store: what becomes champion, and what does not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mlflow.entities import LoggedModelOutput
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import PERMISSION_DENIED
from simulated import asked, refit

from rcnn_sweep.evidence.comparison import Measured, Predicted, compare
from rcnn_sweep.evidence.evidence import Evidence
from rcnn_sweep.refit.champion import champion_lines, typical_run
from rcnn_sweep.tracking import Store, tracking_uri
from rcnn_sweep.tracking.registry import MODEL, Registry


@pytest.fixture
def store(workplace: Path) -> Store:
    return Store(tracking_uri(None), "rcnn_sweep")


def logged(store: Store) -> str:
    """A run that logged a model."""
    run_id = store.start("run", name="r", tags={}).run_id
    model = store.client.create_logged_model(store.experiment_id, name="m", source_run_id=run_id)
    store.client.log_outputs(run_id, models=[LoggedModelOutput(model.model_id, step=0)])
    return run_id


def evidence(store: Store, *gains: float, study: str = "study", seed: int = 0) -> Evidence:
    """Evidence from simulated predictions whose runs are in the store."""
    truth, configs = refit(np.random.default_rng(seed), gains, seeds=4)
    recorded = [
        Measured(one.arm, {s: Predicted(logged(store), r.predicted) for s, r in one.runs.items()})
        for one in configs
    ]
    return compare(replace(asked(4), study=study), truth, recorded)


def told(found: Evidence, digest: str, store: Store, *, force: bool = False) -> str:
    return "\n".join(champion_lines(found, digest, Registry(store.client), force=force))


def versions(store: Store) -> list[str]:
    found = store.client.search_model_versions(f"name = '{MODEL}'")
    return sorted(str(version.version) for version in found)


def aliases(store: Store) -> dict[str, str]:
    return {k: str(v) for k, v in store.client.get_registered_model(MODEL).aliases.items()}


@pytest.mark.slow
def test_the_better_candidate_is_registered_once_with_its_evidence(store: Store) -> None:
    found = evidence(store, 1.0, 0.0)
    assert found.comparisons[0].verdict == "better"
    assert "trial 1, registered as rcnn version 1, models:/rcnn@champion: its run" in told(
        found, "first", store
    )
    version = store.client.get_model_version_by_alias(MODEL, "champion")
    typical = typical_run(found, found.comparisons[0])
    scores = sorted(run.metrics["accuracy"] for run in found.arms[1].runs)
    assert version.run_id == typical.run_id
    assert typical.metrics["accuracy"] == scores[1], "the lower median of four"
    assert version.tags["rcnn_sweep.verdict"] == "better"
    assert version.tags["rcnn_sweep.forced"] == "false"
    assert float(version.tags["rcnn_sweep.difference"]) == pytest.approx(
        found.comparisons[0].test_gain, abs=1e-6
    )
    assert "better than the baseline" in version.description
    assert "registered already: rcnn version 1, the champion" in told(found, "first", store)
    assert versions(store) == ["1"]


def test_without_evidence_only_force_registers(store: Store) -> None:
    found = evidence(store, 0.0)
    assert "--force registers trial 1" in told(found, "first", store)
    assert Registry(store.client).champion() is None
    assert "forced" in told(found, "first", store, force=True)
    version = store.client.get_model_version_by_alias(MODEL, "champion")
    assert version.tags["rcnn_sweep.forced"] == "true"


@pytest.mark.slow
def test_the_former_champion_keeps_an_alias(store: Store) -> None:
    told(evidence(store, 1.0), "first", store)
    assert "version 1, is now rcnn@former_champion" in told(evidence(store, 1.2), "more", store)
    assert aliases(store) == {"champion": "2", "former_champion": "1"}
    assert "no longer the champion" in told(evidence(store, 1.0), "first", store)
    assert aliases(store) == {"champion": "2", "former_champion": "1"}


def test_a_registration_cut_short_is_finished(store: Store) -> None:
    found = evidence(store, 1.0)
    told(found, "first", store)
    store.client.delete_registered_model_alias(MODEL, "champion")
    told(found, "first", store)
    assert aliases(store) == {"champion": "1"}


@pytest.mark.slow
def test_another_studys_higher_champion_stays_unless_forced(store: Store) -> None:
    told(evidence(store, 1.5), "high", store)
    lower = evidence(store, 0.8, study="other")
    assert "stays the champion" in told(lower, "low", store)
    assert versions(store) == ["1"]
    told(lower, "low", store, force=True)
    assert aliases(store) == {"champion": "2", "former_champion": "1"}


def test_runs_without_a_logged_model_cannot_be_champion(store: Store) -> None:
    found = evidence(store, 1.0)
    bare = [replace(run, run_id=store.start("run", name="r", tags={}).run_id)
            for run in found.arms[1].runs]  # fmt: skip
    arms = (found.arms[0], replace(found.arms[1], runs=tuple(bare)))
    assert "logged no model" in told(replace(found, arms=arms), "first", store)
    assert Registry(store.client).champion() is None


def test_no_model_and_no_alias_mean_no_champion_and_any_other_error_is_raised(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry(store.client)
    assert registry.champion() is None, "no model"
    told(evidence(store, 1.0), "first", store)
    store.client.delete_registered_model_alias(MODEL, "champion")
    assert registry.champion() is None, "no alias"

    def broken(*_: object, **__: object) -> object:
        raise MlflowException("not for you", error_code=PERMISSION_DENIED)

    monkeypatch.setattr(
        "mlflow.tracking.MlflowClient.get_model_version_by_alias", broken, raising=True
    )
    with pytest.raises(MlflowException, match="not for you"):
        registry.champion()
